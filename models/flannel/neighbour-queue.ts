/**
 * The rules of a neighbour that does not resolve (rule R22). On flannel.1 nobody answers a broadcast ARP, so a missing
 * permanent entry means: packets wait, bounded by the sum of their buffers' true sizes, the oldest dropped first; three
 * probes of one second each, then all are dropped with at most a burst of 6 ICMP host-unreachables, and the next packet
 * begins anew. An entry that is set meanwhile sends what waits.
 * Source: linux net/core/neighbour.c __neigh_event_send, neigh_timer_handler, neigh_invalidate.
 */

/** Packets of one true size that wait at most. */
export function queueCapacity(limitBytes: number, truesize: number): number {
  return Math.floor(limitBytes / truesize);
}

/** A bounded queue of unresolved packets: `push` returns what it drops from its front. */
export class UnresolvedQueue<T> {
  readonly #limitBytes: number;
  #waiting: Array<{ packet: T; truesize: number }> = [];
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** True sizes of what waits, added up. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds a packet and returns those dropped to make room, oldest first. A packet alone larger than the limit empties the
   * queue and still waits, as in the kernel.
   */
  push(packet: T, truesize: number): T[] {
    let drop = 0;
    while (drop < this.#waiting.length && this.#bytes + truesize > this.#limitBytes) {
      this.#bytes -= this.#waiting[drop].truesize;
      drop++;
    }
    const dropped = this.#waiting.splice(0, drop).map((entry) => entry.packet);
    this.#waiting.push({ packet, truesize });
    this.#bytes += truesize;
    return dropped;
  }

  /** Empties the queue, oldest first: the entry was set, or the probes ran out. */
  takeAll(): T[] {
    const packets = this.#waiting.map((entry) => entry.packet);
    this.#waiting = [];
    this.#bytes = 0;
    return packets;
  }
}

/** A constant-rate flow while a table entry is missing. */
export interface Outage {
  readonly gapSeconds: number;
  readonly packetsPerSecond: number;
}

/** What a missing neighbour entry costs such a flow, up to the packets at the very edges. */
export function neighbourOutageLoss(
  outage: Outage,
  queue: {
    readonly limitBytes: number;
    readonly truesize: number;
    readonly probes: number;
    readonly probeSeconds: number;
  },
): number {
  const cycle = queue.probes * queue.probeSeconds;
  const cycles = Math.floor(outage.gapSeconds / cycle);
  const whole = cycles * cycle * outage.packetsPerSecond;
  const waiting = Math.round((outage.gapSeconds - cycles * cycle) * outage.packetsPerSecond);
  return Math.round(whole) + Math.max(0, waiting - queueCapacity(queue.limitBytes, queue.truesize));
}

/** What a missing FDB entry costs: every packet, silently. Source: linux drivers/net/vxlan/vxlan_core.c vxlan_xmit. */
export function fdbOutageLoss(outage: Outage): number {
  return Math.round(outage.gapSeconds * outage.packetsPerSecond);
}
