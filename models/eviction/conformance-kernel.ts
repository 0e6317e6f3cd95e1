import { adapter, type Adapters, type Found } from "../conformance/adapter.ts";
import { inPart } from "./conformance-shapes.ts";
import { evictionRules } from "./defaults.ts";
import { hugePagesMountOption, isTmpfsCharged, MountError, tmpfsMountOptions, tmpfsSizeBytes } from "./empty-dir.ts";
import { memoryHigh } from "./memory-qos.ts";
import { oomPoints, oomScoreAdj, oomVictim, type OomTask } from "./oom.ts";
import { countsInDiskRanking, isLocalEphemeral, type QosClass, type Volume, type VolumeSource } from "./pod.ts";

const scoreAdj = adapter<{
  pod: {
    qos: QosClass;
    priority?: number;
    priorityClass?: string;
    static?: boolean;
    mirror?: boolean;
    podMemoryRequestBytes?: number;
    containers: Array<{ name: string; type: "regular" | "init" | "sidecar"; memoryRequestBytes?: number }>;
  };
  machineMemoryBytes: number;
}>(({ pod: given, machineMemoryBytes }) => {
  const pod = {
    qos: given.qos,
    priority: given.priority,
    priorityClassName: given.priorityClass,
    isStatic: given.static,
    isMirror: given.mirror,
    podLevelMemoryRequestBytes: given.podMemoryRequestBytes,
    containers: given.containers.map(({ name, type, memoryRequestBytes }) => ({
      name,
      kind: type,
      requests: { memoryBytes: memoryRequestBytes },
    })),
  };
  const scores = Object.fromEntries(
    pod.containers.map((container) => [container.name, oomScoreAdj(pod, container, machineMemoryBytes)]),
  );
  // What upstream's table accepts is the one right value or a range around it.
  return { oomScoreAdj: scores, upstreamAccepts: scores };
});

const victim = adapter<{
  scope: string;
  totalBytes: number;
  pageBytes: number;
  tasks: Array<{
    name: string;
    rssBytes: number;
    swapBytes?: number;
    pageTableBytes?: number;
    oomScoreAdj: number;
    kernelThread?: boolean;
    init?: boolean;
    reaped?: boolean;
  }>;
}>(({ scope: _scope, totalBytes, pageBytes, tasks: given }) => {
  // Every scope follows one rule; what differs is whose tasks are listed and what the total is.
  const tasks = given.map((task): OomTask => ({
    name: task.name,
    rssBytes: task.rssBytes,
    swapBytes: task.swapBytes,
    pageTableBytes: task.pageTableBytes,
    oomScoreAdj: task.oomScoreAdj,
    isUnkillable: [task.kernelThread, task.init, task.reaped].includes(true),
  }));
  const points = tasks.map((task): [string, Found] => [task.name, oomPoints(task, totalBytes, pageBytes)]);
  return {
    victim: oomVictim(tasks, totalBytes, pageBytes)?.name ?? null,
    points: inPart(Object.fromEntries(points)),
  };
});

const high = adapter<{
  requestBytes?: number | null;
  limitBytes?: number | null;
  nodeAllocatableBytes?: number;
  factor?: number | null;
  pageBytes?: number;
  kubernetesVersion?: string;
}>((given) => {
  const inputs = {
    requestBytes: given.requestBytes ?? 0,
    limitBytes: given.limitBytes ?? 0,
    nodeAllocatableBytes: given.nodeAllocatableBytes ?? 0,
    factor: given.factor ?? undefined,
    pageBytes: given.pageBytes ?? 4096,
  };
  return { memoryHighBytes: memoryHigh(inputs, evictionRules(given.kubernetesVersion).memoryHigh) ?? null };
});

const memorySize = adapter<{
  nodeAllocatableMemoryBytes: number;
  podCgroupMemoryLimitBytes?: number | null;
  sizeLimitBytes?: number | null;
  sizeMemoryBackedVolumes?: boolean;
}>((given) => {
  const size = tmpfsSizeBytes({
    nodeAllocatableMemoryBytes: given.nodeAllocatableMemoryBytes,
    podMemoryLimitBytes: given.podCgroupMemoryLimitBytes ?? undefined,
    sizeLimitBytes: given.sizeLimitBytes ?? undefined,
    sizeMemoryBackedVolumes: given.sizeMemoryBackedVolumes,
  });
  const options = tmpfsMountOptions(size, false);
  return { tmpfsSizeBytes: size, sizeOptionPresent: options.some((option) => option.startsWith("size=")) };
});

const tmpfsOptions = adapter<{ noswapSupported: boolean; sizeBytes?: number | null }>((given) => ({
  options: tmpfsMountOptions(given.sizeBytes ?? 0, given.noswapSupported),
}));

const hugePages = adapter<{
  medium: string;
  containerHugePageRequests: string[][];
  initContainerHugePageRequests: string[][];
}>((given) => {
  const requests = [...given.containerHugePageRequests, ...given.initContainerHugePageRequests];
  try {
    return { error: false, mountOption: hugePagesMountOption(given.medium, requests) };
  } catch (error) {
    if (error instanceof MountError) return { error: true };
    throw error;
  }
});

interface GivenAccounting {
  /** A volume's source and, of an emptyDir, its medium: "emptyDir Memory". */
  volumes?: string[];
  writerExited?: boolean;
  mounted?: boolean;
  deleted?: boolean;
}

const accounting = adapter<GivenAccounting>((given) => {
  if (given.volumes === undefined) return tmpfsCharge(given);
  const volumes = given.volumes.map((text) => ({ text, volume: namedVolume(text) }));
  const named = (counts: (volume: Omit<Volume, "name">) => boolean) =>
    volumes.filter(({ volume }) => counts(volume)).map(({ text }) => text);
  return { countedInPodEphemeralStorage: named(isLocalEphemeral), countedInDiskRanking: named(countsInDiskRanking) };
});

function namedVolume(text: string): Omit<Volume, "name"> {
  const [source, medium = "default"] = text.split(" ");
  return { source: source as VolumeSource, medium: medium === "default" ? "" : medium };
}

/** Whether the writer still runs makes no difference to the charge: it is read here and is no input of the rule. */
function tmpfsCharge({ writerExited: _writerExited, mounted = true, deleted = false }: GivenAccounting): Found {
  const frees = [
    { by: "delete", isFreed: !isTmpfsCharged({ isMounted: true, isDeleted: true }) },
    { by: "unmount", isFreed: !isTmpfsCharged({ isMounted: false, isDeleted: false }) },
  ];
  return {
    stillCharged: isTmpfsCharged({ isMounted: mounted, isDeleted: deleted }),
    freedBy: frees
      .filter(({ isFreed }) => isFreed)
      .map(({ by }) => by)
      .join(" or "),
  };
}

/** What the kernel and the mounts of volumes decide. */
export const kernelAdapters: Adapters = {
  "oom-score-adj": scoreAdj,
  "oom-victim": victim,
  "memory-high": high,
  "emptydir-memory-size": memorySize,
  "emptydir-tmpfs-options": tmpfsOptions,
  "emptydir-hugepages": hugePages,
  "emptydir-accounting": accounting,
};
