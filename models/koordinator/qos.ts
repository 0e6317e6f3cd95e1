import { QOS_LABEL } from "./defaults.ts";

const QOS_CLASSES = ["LSE", "LSR", "LS", "BE", "SYSTEM"] as const;

/** Koordinator's QoS class of a pod; "" for a pod without one. */
export type KoordinatorQos = (typeof QOS_CLASSES)[number] | "";

/** The class that the label names; another text counts as none. Source: koordinator v1.8.0 apis/extension/qos.go */
export function koordinatorQos(labels: Readonly<Record<string, string>>): KoordinatorQos {
  const label = Object.hasOwn(labels, QOS_LABEL) ? labels[QOS_LABEL] : "";
  return QOS_CLASSES.find((name) => name === label) ?? "";
}

/**
 * Whether the strategy treats pods of this class: all but those with CPUs of their own and batch pods. A pod without the
 * label is treated, whatever its Kubernetes class.
 *
 * Source: koordinator v1.8.0 pkg/util/pod_qos_utils.go, IsPodCPUBurstable
 */
export function isBurstable(qos: KoordinatorQos): boolean {
  return qos !== "LSE" && qos !== "LSR" && qos !== "BE";
}

/** Whether the class takes CPUs out of the share pool: what such pods request does not belong to it. */
export function ownsCpus(qos: KoordinatorQos): boolean {
  return qos === "LSE" || qos === "LSR";
}
