import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";

/**
 * The registry rate limit of a kubelet: a token bucket that starts full and refuses instead of waiting (rule R8). Tokens
 * are kept as whole billionths, of which `qps` come in every nanosecond, so that no rounding decides. `now` never goes back.
 * Source: kubernetes v1.34 pkg/kubelet/images/helpers.go, throttleImagePulling; golang.org/x/time/rate, AllowN.
 */
export class PullLimiter {
  readonly #qps: number;
  readonly #capacity: number;
  #tokens: number;
  #updatedAt: Ns = 0;

  /** `qps` and `burst` are whole numbers, as the kubelet's configuration has them. */
  constructor(qps: number, burst: number) {
    this.#qps = qps;
    this.#capacity = burst * NS_PER_SECOND;
    this.#tokens = this.#capacity;
  }

  /** Takes a token for one call of the runtime, or says that there is none. */
  tryAccept(now: Ns): boolean {
    const missing = this.#capacity - this.#tokens;
    const elapsed = now - this.#updatedAt;
    // Compared by division, because elapsed x qps may pass 2^53 after a long rest.
    this.#tokens =
      elapsed > missing / this.#qps ? this.#capacity : Math.min(this.#capacity, this.#tokens + elapsed * this.#qps);
    this.#updatedAt = now;
    if (this.#tokens < NS_PER_SECOND) return false;
    this.#tokens -= NS_PER_SECOND;
    return true;
  }
}

/** The limiter of a configuration; none for a `registryPullQPS` of 0 (rule R8). */
export function pullLimiter(qps: number, burst: number): PullLimiter | undefined {
  return qps === 0 ? undefined : new PullLimiter(qps, burst);
}
