import { isHard, type Threshold } from "./threshold.ts";
import type { Signal } from "./signals.ts";

/** On how many devices a node keeps images, writable layers and the kubelet's own files. */
export interface Layout {
  /** Images lie on another device than the kubelet's root. */
  imageFs: boolean;
  /** Writable layers lie on another device than images. */
  split: boolean;
}

/** What is counted of a pod on one file system. */
export type MeasuredPart = "images" | "writableLayers" | "logs" | "localVolumes";

/** What the kubelet can clean up before it evicts a pod. */
export type NodeReclaim = "containers" | "images";

type FileSystem = "nodefs" | "imagefs" | "containerfs";
const EVERYTHING: readonly MeasuredPart[] = ["images", "writableLayers", "logs", "localVolumes"];

function fileSystemOf(signal: Signal): FileSystem | undefined {
  const name = signal.slice(0, signal.indexOf("."));
  return name === "nodefs" || name === "imagefs" || name === "containerfs" ? name : undefined;
}

/** The file system whose thresholds, ranking and reclaim a containerfs signal shares. */
function shared(fileSystem: FileSystem, layout: Layout): FileSystem {
  if (fileSystem !== "containerfs") return fileSystem;
  return layout.imageFs && !layout.split ? "imagefs" : "nodefs";
}

/**
 * The parts of a pod that count when a disk signal ranks it; none for memory and pid signals. Images add nothing to a
 * pod's figure, so in the split layout every pod counts 0 on the image file system.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go buildSignalToRankFunc
 */
export function measuredParts(signal: Signal, layout: Layout): readonly MeasuredPart[] {
  const fileSystem = fileSystemOf(signal);
  if (fileSystem === undefined) return [];
  if (!layout.imageFs) return EVERYTHING;
  const isImages = shared(fileSystem, layout) === "imagefs";
  if (layout.split) return isImages ? ["images"] : ["logs", "localVolumes", "writableLayers"];
  return isImages ? ["writableLayers", "images"] : ["logs", "localVolumes"];
}

/**
 * What the kubelet cleans up under the pressure of a signal before it evicts a pod, in order: dead containers, unused
 * images. Nothing for memory and pid signals.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go buildSignalToNodeReclaimFuncs
 */
export function nodeReclaims(signal: Signal, layout: Layout): readonly NodeReclaim[] {
  const fileSystem = fileSystemOf(signal);
  if (fileSystem === undefined) return [];
  if (!layout.imageFs) return ["containers", "images"];
  const isImages = shared(fileSystem, layout) === "imagefs";
  if (layout.split) return isImages ? ["images"] : ["containers"];
  return isImages ? ["containers", "images"] : [];
}

/**
 * Adds the thresholds of containerfs: copies of those of the file system that holds the writable layers, value, grace and
 * minimum reclaim included. Entries of the user are replaced in their places, and `overridden` says that there were some.
 * A missing original gives a placeholder that is never met. Images and layers apart without an image file system is no
 * layout: the list stays.
 *
 * Source: kubernetes v1.34 pkg/kubelet/eviction/helpers.go UpdateContainerFsThresholds
 */
export function withContainerFsThresholds(
  thresholds: readonly Threshold[],
  layout: Layout,
): { thresholds: Threshold[]; overridden: boolean } {
  const result = [...thresholds];
  if (layout.imageFs || !layout.split) {
    const origin = shared("containerfs", layout) === "imagefs" ? "imagefs" : "nodefs";
    for (const kind of ["available", "inodesFree"] as const) {
      for (const hard of [true, false]) {
        const ofKind = (fileSystem: FileSystem) => (threshold: Threshold) =>
          threshold.signal === `${fileSystem}.${kind}` && isHard(threshold) === hard;
        const original = thresholds.findLast(ofKind(origin));
        const derived = copyFor(`containerfs.${kind}`, original);
        const place = thresholds.findLastIndex(ofKind("containerfs"));
        if (place >= 0) result[place] = derived;
        else result.push(derived);
      }
    }
  }
  return { thresholds: result, overridden: thresholds.some(({ signal }) => fileSystemOf(signal) === "containerfs") };
}

function copyFor(signal: Signal, original: Threshold | undefined): Threshold {
  if (original === undefined) return { signal, operator: "none", value: { fraction: 0 }, gracePeriod: 0 };
  return { ...original, signal };
}
