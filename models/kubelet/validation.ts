import { didYouMean } from "../../engine/scenario/suggest.ts";
import { formatDuration } from "../../engine/scenario/units.ts";
import { NS_PER_MS, NS_PER_SECOND } from "../../engine/time.ts";
import { kubeletProblems } from "../eviction/kubelet-checks.ts";
import { effectiveEvictionHard, EvictionConfigError, parseThresholds } from "../eviction/parse.ts";
import { defaultImageConfig, refuseImageConfig } from "../images/puller-config.ts";
import { kubernetesMinor } from "../images/version.ts";
import { CUSTOM_QUOTA_PERIOD, FEATURE_GATES, hasCustomQuotaPeriod } from "./feature-gates.ts";
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
const ALPHA_OPTIONS = "CPUManagerPolicyAlphaOptions";
const BETA_OPTIONS = "CPUManagerPolicyBetaOptions";

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
  const refusals = [
    ...gateRefusals(kubelet),
    ...periodRefusals(kubelet),
    ...cpuManagerRefusals(kubelet, cpus),
    ...kubeletProblems({ ...kubelet, cgroupVersion, reservedSystemCPUs: kubelet.reservedSystemCPUs?.join(",") }),
    ...thresholdRefusals(kubelet),
    ...restartRefusals(kubelet, kubernetesVersion),
  ];
  return [...refusals, ...imageRefusals(kubelet, kubernetesVersion, refusals)];
}

function restartRefusals(kubelet: KubeletSection, kubernetesVersion: string | undefined): Refusal[] {
  const message = refuseRestartPeriod(kubelet, kubernetesVersion);
  return message === undefined ? [] : [{ path: ["crashLoopBackOff", "maxContainerRestartPeriod"], message }];
}

/** What the images' rules find beyond `known`: one word about a field is enough. */
function imageRefusals(kubelet: KubeletSection, version: string | undefined, known: readonly Refusal[]): Refusal[] {
  const minor = version === undefined ? Infinity : kubernetesMinor(version);
  const gate = kubelet.featureGates["ImageMaximumGCAge"];
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

function gateRefusals({ featureGates }: KubeletSection): Refusal[] {
  return Object.keys(featureGates)
    .filter((gate) => !FEATURE_GATES.includes(gate))
    .map((gate) => ({
      path: ["featureGates", gate],
      message: `the kubelet refuses a feature gate that it does not know${didYouMean(gate, FEATURE_GATES)}`,
    }));
}

function periodRefusals({ cpuCFSQuotaPeriod: period, featureGates }: KubeletSection): Refusal[] {
  const path = ["cpuCFSQuotaPeriod"];
  if (!hasCustomQuotaPeriod(featureGates)) {
    if (period === 100 * NS_PER_MS) return [];
    const message = `found ${formatDuration(period)}; a period other than 100ms needs featureGates: {${CUSTOM_QUOTA_PERIOD}: true}`;
    return [{ path, message }];
  }
  if (period >= NS_PER_MS && period <= NS_PER_SECOND) return [];
  return [{ path, message: `found ${formatDuration(period)}; allowed: 1ms to 1s` }];
}

function cpuManagerRefusals(kubelet: KubeletSection, cpus: number): Refusal[] {
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
    const message = optionRefusal(option, value, kubelet.featureGates);
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

function optionRefusal(option: string, value: string, gates: Readonly<Record<string, boolean>>): string | undefined {
  const names = Object.keys(POLICY_OPTIONS);
  if (!names.includes(option)) return `unknown option; allowed: ${names.join(", ")}${didYouMean(option, names)}`;
  const level = POLICY_OPTIONS[option];
  const hasAlpha = gates[ALPHA_OPTIONS] ?? gates["AllAlpha"] ?? false;
  const hasBeta = gates[BETA_OPTIONS] ?? gates["AllBeta"] ?? true;
  if (level === "alpha" && !hasAlpha) return `an option of alpha level needs featureGates: {${ALPHA_OPTIONS}: true}`;
  if (level === "beta" && !hasBeta) return `an option of beta level needs the feature gate ${BETA_OPTIONS}`;
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
