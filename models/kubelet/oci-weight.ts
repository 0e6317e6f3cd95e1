import { weightFromShares, weightFromSharesLinear } from "../cfs/weights.ts";

/** What runs the containers; without a version the newest. */
export interface OciRuntime {
  name: "runc" | "crun";
  /** As "1.3.2". */
  version?: string;
}

/** The first versions whose conversion of shares is the newer one. Source: opencontainers/runc v1.3.2 and containers/crun 1.23, release notes. */
const NEWER_SINCE: Readonly<Record<OciRuntime["name"], readonly number[]>> = { runc: [1, 3, 2], crun: [1, 23, 0] };

/**
 * How this runtime converts a container's cpu.shares to cpu.weight. The kubelet's own cgroups, above the containers', do
 * not pass through it.
 */
export function containerWeight(oci: OciRuntime = { name: "runc" }): (shares: number) => number {
  if (oci.version === undefined) return weightFromShares;
  const version = oci.version.split(".").map(Number);
  for (const [i, since] of NEWER_SINCE[oci.name].entries()) {
    const part = version[i] ?? 0;
    if (part !== since) return part > since ? weightFromShares : weightFromSharesLinear;
  }
  return weightFromShares;
}
