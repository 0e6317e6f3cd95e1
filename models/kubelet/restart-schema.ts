import * as z from "zod";
import { duration } from "../../engine/scenario/fields.ts";
import { formatDuration } from "../../engine/scenario/units.ts";
import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import { isGateOn, type Gates, type ModelGate } from "./feature-gates.ts";

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

const GATE: ModelGate = "KubeletCrashLoopBackOffMax";
const SHORTEST: Ns = 1 * NS_PER_SECOND;
const LONGEST: Ns = 300 * NS_PER_SECOND;

/**
 * Why a kubelet of version 1.`minor` would refuse the maximum of the back-off; undefined if it takes it.
 * Source: kubernetes v1.34 pkg/kubelet/apis/config/validation/validation.go, ValidateKubeletConfiguration.
 */
export function refuseRestartPeriod(
  { crashLoopBackOff, featureGates }: RestartFields & { featureGates: Gates },
  minor: number,
): string | undefined {
  const period = crashLoopBackOff?.maxContainerRestartPeriod;
  if (period === undefined) return undefined;
  if (!isGateOn(GATE, featureGates, minor))
    return `the kubelet refuses it without the feature gate ${GATE}; set featureGates.${GATE}: true`;
  if (period >= SHORTEST && period <= LONGEST) return undefined;
  return `found ${formatDuration(period)}; the kubelet allows ${formatDuration(SHORTEST)} to ${formatDuration(LONGEST)}`;
}

/**
 * The longest back-off that the node itself sets: absent without the gate, and 300 s where the gate is on and nobody says
 * more, also under ReduceDefaultCrashLoopBackOffDecay, whose own default of 60 s then loses.
 * Source: kubernetes v1.35 pkg/kubelet/apis/config/v1beta1/defaults.go, SetDefaults_KubeletConfiguration;
 * pkg/kubelet/kubelet.go, newCrashLoopBackOff.
 */
export function nodeRestartPeriod(
  { crashLoopBackOff, featureGates }: RestartFields & { featureGates: Gates },
  minor: number,
): Ns | undefined {
  return isGateOn(GATE, featureGates, minor) ? (crashLoopBackOff?.maxContainerRestartPeriod ?? LONGEST) : undefined;
}
