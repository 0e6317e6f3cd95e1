/**
 * The UDP source port of an encapsulated flow from its 32-bit flow hash, taken after folding (rule R21): all packets of a
 * flow share one, so that RSS and ECMP spread flows and never one flow.
 * Source: linux include/net/udp.h udp_flow_src_port.
 */
export function sourcePort(flowHash: number, min: number, max: number): number {
  const product = BigInt(flowHash >>> 0) * BigInt(max - min);
  return Number(product >> 32n) + min;
}

/** The fold that the kernel applies before: the upper half mixed into by the lower one, which jhash leaves better spread. */
export function foldHash(flowHash: number): number {
  return (flowHash ^ (flowHash << 16)) >>> 0;
}
