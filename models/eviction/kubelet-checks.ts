import { UnitError } from "../../engine/scenario/units.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import { parseCpuList } from "../cfs/schema.ts";
import type { EvictionMap } from "./parse.ts";

/** The fields of a KubeletConfiguration whose validation touches eviction; absent ones have the kubelet's defaults. */
export interface CheckedKubeletConfiguration {
  imageGCHighThresholdPercent?: number;
  imageGCLowThresholdPercent?: number;
  imageMinimumGCAge?: Ns;
  /** 0: images never grow too old. */
  imageMaximumGCAge?: Ns;
  oomScoreAdj?: number;
  memoryThrottlingFactor?: number | null;
  enforceNodeAllocatable?: readonly string[];
  cgroupsPerQOS?: boolean;
  systemReservedCgroup?: string;
  kubeReservedCgroup?: string;
  /** A list of CPUs; it excludes both cgroups. */
  reservedSystemCPUs?: string;
  singleProcessOOMKill?: boolean | null;
  /** Of the node, not of the configuration. */
  cgroupVersion?: 1 | 2;
  /** Not looked at here: `parseThresholds` refuses what is wrong in the eviction maps. */
  evictionHard?: EvictionMap;
  evictionSoft?: EvictionMap;
  evictionSoftGracePeriod?: EvictionMap;
  evictionMinimumReclaim?: EvictionMap;
  /** Not looked at at all: the kubelet takes any 32-bit number. */
  evictionMaxPodGracePeriod?: number;
}

const ENFORCEMENTS = [
  "pods",
  "system-reserved",
  "system-reserved-compressible",
  "kube-reserved",
  "kube-reserved-compressible",
  "none",
];

/** Something for which the kubelet would not start: the field of its configuration, and why. */
export interface KubeletProblem {
  path: string[];
  message: string;
}

/**
 * What the kubelet's own validation finds wrong, in a fixed order; empty if it would start.
 *
 * Source: kubernetes v1.34 pkg/kubelet/apis/config/validation/validation.go ValidateKubeletConfiguration,
 * validation_linux.go
 */
export function kubeletProblems(configuration: CheckedKubeletConfiguration): KubeletProblem[] {
  return [
    ...imageGcProblems(configuration),
    ...oomProblems(configuration),
    ...enforcementProblems(configuration),
    ...reservedCpuProblems(configuration),
  ];
}

function problem(field: keyof CheckedKubeletConfiguration, message: string): KubeletProblem {
  return { path: [field], message };
}

function isPercent(value: number): boolean {
  return value >= 0 && value <= 100;
}

function imageGcProblems(configuration: CheckedKubeletConfiguration): KubeletProblem[] {
  const { imageGCHighThresholdPercent: high = 85, imageGCLowThresholdPercent: low = 80 } = configuration;
  const { imageMinimumGCAge: youngest = 120 * NS_PER_SECOND, imageMaximumGCAge: oldest = 0 } = configuration;
  const found: KubeletProblem[] = [];
  if (!isPercent(high)) found.push(problem("imageGCHighThresholdPercent", `found ${high}; allowed: from 0 to 100`));
  if (!isPercent(low)) found.push(problem("imageGCLowThresholdPercent", `found ${low}; allowed: from 0 to 100`));
  if (low >= high) {
    const message = `found ${low}; allowed: below imageGCHighThresholdPercent (${high})`;
    found.push(problem("imageGCLowThresholdPercent", message));
  }
  if (youngest < 0) found.push(problem("imageMinimumGCAge", "is negative; allowed: at least 0s"));
  if (oldest < 0 || (oldest > 0 && oldest <= youngest)) {
    found.push(problem("imageMaximumGCAge", "allowed: 0s, or above imageMinimumGCAge"));
  }
  return found;
}

function oomProblems(configuration: CheckedKubeletConfiguration): KubeletProblem[] {
  const {
    oomScoreAdj: adj = -999,
    memoryThrottlingFactor: factor,
    singleProcessOOMKill,
    cgroupVersion,
  } = configuration;
  const found: KubeletProblem[] = [];
  if (!(adj >= -1000 && adj <= 1000)) {
    found.push(problem("oomScoreAdj", `found ${adj}; allowed: from -1000 to 1000`));
  }
  if (typeof factor === "number" && !(factor > 0 && factor <= 1)) {
    found.push(problem("memoryThrottlingFactor", `found ${factor}; allowed: above 0, up to 1`));
  }
  if (cgroupVersion === 1 && singleProcessOOMKill === false) {
    found.push(problem("singleProcessOOMKill", "found false; allowed on cgroup v1: true, or absent"));
  }
  return found;
}

function enforcementProblems(configuration: CheckedKubeletConfiguration): KubeletProblem[] {
  const { enforceNodeAllocatable: enforced = ["pods"], cgroupsPerQOS = true } = configuration;
  const field = "enforceNodeAllocatable";
  const found: KubeletProblem[] = [];
  for (const full of ["system-reserved", "kube-reserved"]) {
    if (enforced.includes(full) && enforced.includes(`${full}-compressible`)) {
      found.push(problem(field, `found both ${full} and ${full}-compressible; allowed: one of them`));
    }
  }
  for (const [i, value] of enforced.entries()) {
    if (enforced.indexOf(value) < i) {
      found.push(problem(field, `found ${value} twice; allowed: once`));
    } else if (value === "none") {
      if (enforced.length > 1) found.push(problem(field, "found none beside others; allowed: none alone"));
    } else if (!ENFORCEMENTS.includes(value)) {
      found.push(problem(field, `found ${JSON.stringify(value)}; allowed: ${ENFORCEMENTS.join(", ")}`));
    } else {
      const cgroup = value.startsWith("system") ? "systemReservedCgroup" : "kubeReservedCgroup";
      if (value !== "pods" && (configuration[cgroup] ?? "") === "") {
        found.push(problem(cgroup, `is absent; ${value} in ${field} needs it`));
      }
      if (!cgroupsPerQOS) found.push(problem("cgroupsPerQOS", `found false; ${value} in ${field} needs true`));
    }
  }
  return found;
}

function reservedCpuProblems(configuration: CheckedKubeletConfiguration): KubeletProblem[] {
  const { reservedSystemCPUs = "", systemReservedCgroup = "", kubeReservedCgroup = "" } = configuration;
  if (reservedSystemCPUs === "") return [];
  const found: KubeletProblem[] = [];
  if (systemReservedCgroup !== "" || kubeReservedCgroup !== "") {
    found.push(problem("reservedSystemCPUs", "allowed: without systemReservedCgroup and kubeReservedCgroup"));
  }
  try {
    parseCpuList(reservedSystemCPUs);
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    found.push(problem("reservedSystemCPUs", error.message));
  }
  return found;
}
