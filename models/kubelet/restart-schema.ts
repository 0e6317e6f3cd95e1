import * as z from "zod";
import { compareVersions, duration } from "../../engine/scenario/fields.ts";
import { formatDuration } from "../../engine/scenario/units.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";

/** The fields of a KubeletConfiguration on when pods are synced and containers started again; absent ones have defaults. */
export interface RestartFields {
  syncFrequency?: Ns;
  crashLoopBackOff?: { maxContainerRestartPeriod?: Ns };
}

/** Their schemas, to be spread into that of the whole configuration. */
export const restartFields = {
  syncFrequency: duration({
    description: "how long after a sync a pod is synced again, lengthened by up to a half",
    defaultNote: "1m",
    source: "kubernetes v1.34 pkg/kubelet/apis/config/v1beta1/defaults.go SyncFrequency",
  }).optional(),
  crashLoopBackOff: z
    .strictObject({
      maxContainerRestartPeriod: duration({
        description: "the longest back-off of a crashing container; wants the gate KubeletCrashLoopBackOffMax",
        defaultNote: "300s",
        source: "kubernetes v1.34 pkg/kubelet/kubelet.go, maxCrashLoopBackOff",
      }).optional(),
    })
    .meta({ description: "the back-off of containers that crash" })
    .optional(),
};

const GATE = "KubeletCrashLoopBackOffMax";
/** The gate is alpha, off by default, from 1.32, and beta, on, from 1.35. Source: kubernetes v1.35 pkg/features/kube_features.go */
const GATE_ON_SINCE = "1.35";
const SHORTEST: Ns = 1 * NS_PER_SECOND;
const LONGEST: Ns = 300 * NS_PER_SECOND;

/**
 * Why the kubelet would refuse the maximum of the back-off; undefined if it takes it. By the rules of `kubernetesVersion`,
 * the newest if absent.
 * Source: kubernetes v1.34 pkg/kubelet/apis/config/validation/validation.go, ValidateKubeletConfiguration.
 */
export function refuseRestartPeriod(
  { crashLoopBackOff, featureGates }: RestartFields & { featureGates: Readonly<Record<string, boolean>> },
  kubernetesVersion?: string,
): string | undefined {
  const period = crashLoopBackOff?.maxContainerRestartPeriod;
  if (period === undefined) return undefined;
  const isOn =
    featureGates[GATE] ?? (kubernetesVersion === undefined || compareVersions(kubernetesVersion, GATE_ON_SINCE) >= 0);
  if (!isOn) return `the kubelet refuses it without the feature gate ${GATE}; set featureGates.${GATE}: true`;
  if (period >= SHORTEST && period <= LONGEST) return undefined;
  return `found ${formatDuration(period)}; the kubelet allows ${formatDuration(SHORTEST)} to ${formatDuration(LONGEST)}`;
}
