import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import { ICMP_BURST } from "./defaults.ts";

/**
 * How many ICMP errors a node sends to one peer (rule R22): a bucket of 6 that fills by one a second.
 * Source: linux net/ipv4/inetpeer.c inet_peer_xrlim_allow; net.ipv4.icmp_ratelimit 1000 ms.
 */
export class IcmpLimiter {
  #tokensNs: Ns = ICMP_BURST * NS_PER_SECOND;
  #at: Ns = 0;

  /** Whether one more error may be sent at this instant; if so it is counted. */
  allow(now: Ns): boolean {
    this.#tokensNs = Math.min(ICMP_BURST * NS_PER_SECOND, this.#tokensNs + (now - this.#at));
    this.#at = now;
    if (this.#tokensNs < NS_PER_SECOND) return false;
    this.#tokensNs -= NS_PER_SECOND;
    return true;
  }
}
