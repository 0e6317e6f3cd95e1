import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import { DEFAULT_RENEW_MARGIN_MINUTES, SUBNET_TTL_HOURS } from "./defaults.ts";

/** Who hands out subnets. */
export type SubnetManager = "kube" | "etcd";

/** How long a lease lives without its daemon; undefined: for ever. */
export interface LeaseLife {
  /** From grant to expiry. */
  readonly ttlNs?: Ns;
  /** From grant to renewal. */
  readonly renewAfterNs?: Ns;
}

/**
 * The life of a lease (rule R5). With etcd it ends 24 h after the last grant and is renewed a margin before; so the
 * entries of a dead node leave its peers 1 h to 24 h later. With the kube manager it carries a date that nothing reads: it
 * is never renewed and ends with the Node object only.
 * Source: flannel v0.28.9 pkg/subnet/etcd/local_manager.go CompleteLease; pkg/subnet/kube/kube.go AcquireLease, RenewLease.
 */
export function leaseLife(
  manager: SubnetManager,
  marginMinutes = DEFAULT_RENEW_MARGIN_MINUTES,
  ttlHours = SUBNET_TTL_HOURS,
): LeaseLife {
  if (manager === "kube") return {};
  const ttlNs = ttlHours * 3600 * NS_PER_SECOND;
  return { ttlNs, renewAfterNs: Math.max(0, ttlNs - marginMinutes * 60 * NS_PER_SECOND) };
}

/** Whether the daemon starts with this renewal margin; otherwise it exits with 1. Source: flannel v0.28.9 main.go. */
export function isRenewMarginValid(minutes: number): boolean {
  return minutes > 0 && minutes < 24 * 60;
}
