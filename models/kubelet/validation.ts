import { didYouMean } from "../../engine/scenario/suggest.ts";
import { formatDuration } from "../../engine/scenario/units.ts";
import { NS_PER_MS, NS_PER_SECOND } from "../../engine/time.ts";
import { kubernetesMinor } from "../cluster/kubernetes-version.ts";
import { kubeletProblems } from "../eviction/kubelet-checks.ts";
import { effectiveEvictionHard, EvictionConfigError, parseThresholds } from "../eviction/parse.ts";
import { defaultImageConfig, refuseImageConfig } from "../images/puller-config.ts";
import { FEATURE_GATES, isGateOn, refuseGate, type Gates, type ModelGate } from "./feature-gates.ts";
import { refuseRestartPeriod } from "./restart-schema.ts";
import type { KubeletSection } from "./schema.ts";

/** Something for which the kubelet would not start: the field, below the section, and why. */
export interface Refusal {
  path: string[];
  message: string;
}

/** What the static CPU manager can be told, and how mature each option is: alpha ones need a gate of their own. */
const POLICY_OPTIONS: Record<string, "alpha" | "beta" | "stable"> = {
  "full-pcpus-only": "stable",
  "strict-cpu-reservation": "beta",
  "distribute-cpus-across-numa": "beta",
  "prefer-align-cpus-by-uncorecache": "beta",
  "align-by-socket": "alpha",
  "distribute-cpus-across-cores": "alpha",
};
/** The gates of the options that are not stable. */
const OPTION_GATES = { alpha: "CPUManagerPolicyAlphaOptions", beta: "CPUManagerPolicyBetaOptions" } as const;
const QUOTA_PERIOD: ModelGate = "CustomCPUCFSQuotaPeriod";

/**
 * For what the kubelet would refuse this configuration on a node with so many CPUs, and this version of cgroups; by the
 * rules of `kubernetesVersion`, the newest if absent.
 *
 * Source: kubernetes v1.34 pkg/kubelet/apis/config/validation/validation.go ValidateKubeletConfiguration,
 * pkg/kubelet/cm/cpumanager/cpu_manager.go NewManager, policy_options.go, policy_none.go
 */
export function kubeletRefusals(
  kubelet: KubeletSection,
  cpus: number,
  cgroupVersion: 1 | 2 = 2,
  kubernetesVersion?: string,
): Refusal[] {
  const minor = kubernetesVersion === undefined ? Infinity : kubernetesMinor(kubernetesVersion);
  const refusals = [
    ...gateRefusals(kubelet, minor),
    ...periodRefusals(kubelet, minor),
    ...cpuManagerRefusals(kubelet, cpus, minor),
    ...kubeletProblems({ ...kubelet, cgroupVersion, reservedSystemCPUs: kubelet.reservedSystemCPUs?.join(",") }),
    ...thresholdRefusals(kubelet),
    ...restartRefusals(kubelet, minor),
  ];
  return [...refusals, ...imageRefusals(kubelet, minor, refusals)];
}

function restartRefusals(kubelet: KubeletSection, minor: number): Refusal[] {
  const message = refuseRestartPeriod(kubelet, minor);
  return message === undefined ? [] : [{ path: ["crashLoopBackOff", "maxContainerRestartPeriod"], message }];
}

/** What the images' rules find beyond `known`: one word about a field is enough. */
function imageRefusals(kubelet: KubeletSection, minor: number, known: readonly Refusal[]): Refusal[] {
  const gate = isGateOn("ImageMaximumGCAge", kubelet.featureGates, minor);
  return refuseImageConfig(defaultImageConfig(kubelet, minor), minor, gate)
    .filter(({ field }) => !known.some(({ path }) => path[0] === field))
    .map(({ field, message }) => ({ path: [field], message }));
}

/** The first statement of the eviction maps that stops the kubelet. */
function thresholdRefusals(kubelet: KubeletSection): Refusal[] {
  try {
    const evictionHard = effectiveEvictionHard(kubelet.evictionHard, kubelet.mergeDefaultEvictionSettings);
    parseThresholds({ ...kubelet, evictionHard });
    return [];
  } catch (error) {
    if (!(error instanceof EvictionConfigError)) throw error;
    return [{ path: [...error.path], message: error.message }];
  }
}

function gateRefusals({ featureGates }: KubeletSection, minor: number): Refusal[] {
  return Object.entries(featureGates).flatMap(([gate, value]) => {
    const message = FEATURE_GATES.includes(gate)
      ? refuseGate(gate, value, minor)
      : `the kubelet refuses a feature gate that it does not know${didYouMean(gate, FEATURE_GATES)}`;
    return message === undefined ? [] : [{ path: ["featureGates", gate], message }];
  });
}

function periodRefusals({ cpuCFSQuotaPeriod: period, featureGates }: KubeletSection, minor: number): Refusal[] {
  const path = ["cpuCFSQuotaPeriod"];
  if (!isGateOn(QUOTA_PERIOD, featureGates, minor)) {
    if (period === 100 * NS_PER_MS) return [];
    const message = `found ${formatDuration(period)}; a period other than 100ms needs featureGates: {${QUOTA_PERIOD}: true}`;
    return [{ path, message }];
  }
  if (period >= NS_PER_MS && period <= NS_PER_SECOND) return [];
  return [{ path, message: `found ${formatDuration(period)}; allowed: 1ms to 1s` }];
}

function cpuManagerRefusals(kubelet: KubeletSection, cpus: number, minor: number): Refusal[] {
  const refusals: Refusal[] = [];
  const { cpuManagerPolicy, cpuManagerPolicyOptions, reservedSystemCPUs } = kubelet;
  for (const cpu of reservedSystemCPUs?.filter((cpu) => cpu >= cpus) ?? []) {
    refusals.push({ path: ["reservedSystemCPUs"], message: `there is no CPU ${cpu}: the node has 0 to ${cpus - 1}` });
  }
  const options = Object.entries(cpuManagerPolicyOptions);
  if (cpuManagerPolicy === "none") {
    if (options.length > 0) {
      refusals.push({
        path: ["cpuManagerPolicyOptions"],
        message: "the policy none takes no options; allowed: with cpuManagerPolicy: static",
      });
    }
    return refusals;
  }
  for (const [option, value] of options) {
    const message = optionRefusal(option, value, kubelet.featureGates, minor);
    if (message !== undefined) refusals.push({ path: ["cpuManagerPolicyOptions", option], message });
  }
  const reserved = reservedMilli(kubelet);
  if (reserved === 0) {
    refusals.push({
      path: ["cpuManagerPolicy"],
      message:
        "the policy static needs CPU held back for the system: kubeReserved.cpu, systemReserved.cpu or reservedSystemCPUs",
    });
  }
  return refusals;
}

function optionRefusal(option: string, value: string, gates: Gates, minor: number): string | undefined {
  const names = Object.keys(POLICY_OPTIONS);
  if (!names.includes(option)) return `unknown option; allowed: ${names.join(", ")}${didYouMean(option, names)}`;
  const level = POLICY_OPTIONS[option];
  if (level !== "stable" && !isGateOn(OPTION_GATES[level], gates, minor)) {
    return `an option of ${level} level needs featureGates: {${OPTION_GATES[level]}: true}`;
  }
  // What Go's strconv.ParseBool takes.
  const isBoolean = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(value);
  return isBoolean ? undefined : `found ${JSON.stringify(value)}; allowed: "true" or "false"`;
}

/** CPU held back from pods, in thousandths: the CPUs named, or else the sum of both reservations. */
export function reservedMilli({ reservedSystemCPUs, kubeReserved, systemReserved }: KubeletSection): number {
  if (reservedSystemCPUs !== undefined) return reservedSystemCPUs.length * 1000;
  return (kubeReserved.cpu ?? 0) + (systemReserved.cpu ?? 0);
}

/** Memory held back from pods, in bytes. */
export function reservedMemory({ kubeReserved, systemReserved }: KubeletSection): number {
  return (kubeReserved.memory ?? 0) + (systemReserved.memory ?? 0);
}
