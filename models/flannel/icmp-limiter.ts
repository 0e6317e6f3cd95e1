import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import { ICMP_BURST, ROUTE_ERROR_BURST } from "./defaults.ts";

/**
 * How many ICMP errors a node sends to one peer (rule R22): a bucket of 6 that fills by one a second.
 * Source: linux net/ipv4/inetpeer.c inet_peer_xrlim_allow; net.ipv4.icmp_ratelimit 1000 ms.
 */
export class IcmpLimiter {
  #tokensNs: Ns = ICMP_BURST * NS_PER_SECOND;
  #at: Ns = 0;

  /** Whether one more error may be sent at this instant; if so it is counted. */
  allow(now: Ns): boolean {
    return this.#take(now, ICMP_BURST);
  }

  /**
   * Whether a net-unreachable may be sent at this instant. It pays twice from the same bucket: once as a routing error,
   * whose burst is 5, once as any ICMP error; so two are sent at once, and none after them while packets keep coming.
   * Source: linux net/ipv4/route.c ip_error, ip_rt_error_burst 5 s.
   */
  allowRouteError(now: Ns): boolean {
    return this.#take(now, ROUTE_ERROR_BURST) && this.#take(now, ICMP_BURST);
  }

  #take(now: Ns, burst: number): boolean {
    this.#tokensNs = Math.min(burst * NS_PER_SECOND, this.#tokensNs + (now - this.#at));
    this.#at = now;
    if (this.#tokensNs < NS_PER_SECOND) return false;
    this.#tokensNs -= NS_PER_SECOND;
    return true;
  }
}
