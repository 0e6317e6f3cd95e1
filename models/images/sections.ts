import type { RegistrySection, RuntimeSection } from "./schema.ts";

/** A registry's section with its defaults; rates in bytes a second. */
export interface ResolvedRegistry {
  bandwidth: number;
  perConnection: number;
  latency: number;
  resolve: number;
}

const BITS_PER_BYTE = 8;

/** Bytes a second of a rate in bits a second; without one there is no limit. */
export function bytesPerSecond(bits: number | undefined): number {
  return bits === undefined ? Infinity : bits / BITS_PER_BYTE;
}

/** The cluster-wide registry, or with `own` that of one entry: its fields over the cluster-wide ones. */
export function resolveRegistry(shared: RegistrySection = {}, own: RegistrySection = {}): ResolvedRegistry {
  const { bandwidth, perConnection, latency = 0, resolve = 0 } = { ...shared, ...own };
  return { bandwidth: bytesPerSecond(bandwidth), perConnection: bytesPerSecond(perConnection), latency, resolve };
}

/** An entry's runtime: its own fields over the cluster-wide ones. */
export function resolveRuntime(shared: RuntimeSection = {}, own: RuntimeSection = {}): RuntimeSection {
  return { ...shared, ...own };
}
