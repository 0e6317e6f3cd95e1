import { NS_PER_SECOND, type Ns } from "../../engine/time.ts";
import type { BurstConfig } from "./config.ts";
import { SAVING_PERCENT, SPENDING_PERCENT } from "./defaults.ts";

/** The capacity of a container's bucket: how long it may use how much more than its limit. */
export function tokenCapacity({ cfsQuotaBurstPercent, cfsQuotaBurstPeriodSeconds }: BurstConfig): number {
  return cfsQuotaBurstPeriodSeconds * (cfsQuotaBurstPercent - 100);
}

/** Usage in whole percent of the limit, both in cores. */
export function usagePercent(usage: number, limit: number): number {
  return Math.trunc((usage / limit) * 100);
}

/**
 * Limits how long a container may burst: usage above its limit spends tokens, usage below 60 % of it saves them, in
 * percent times seconds. Only whole seconds since the previous call count, and the rest is lost.
 *
 * Source: koordinator v1.8.0 pkg/koordlet/qosmanager/plugins/cpuburst/cpu_burst.go, burstLimiter
 */
export class TokenLimiter {
  tokens: number;
  readonly capacity: number;
  readonly #expiry: Ns;
  #updatedAt: Ns;

  /** `share`: uniform in [0, 1), of which half says how full the bucket is at first. */
  constructor(config: BurstConfig, share: number, now: Ns) {
    this.capacity = tokenCapacity(config);
    this.tokens = Math.trunc(this.capacity * (share / 2));
    this.#expiry = 2 * config.cfsQuotaBurstPeriodSeconds * NS_PER_SECOND;
    this.#updatedAt = now;
  }

  /** Accounts for the time since the previous call at this usage; whether the container may burst. */
  allow(percent: number, now: Ns): boolean {
    const seconds = Math.floor((now - this.#updatedAt) / NS_PER_SECOND);
    if (percent >= SPENDING_PERCENT) this.tokens -= (percent - 100) * seconds;
    else if (percent < SAVING_PERCENT) this.tokens += (100 - percent) * seconds;
    this.tokens = Math.max(Math.min(this.tokens, this.capacity), 0 - this.capacity);
    this.#updatedAt = now;
    return this.tokens > 0;
  }

  /** Whether nobody has asked for twice the burst period: then it is dropped, and the next one starts anew. */
  isExpired(now: Ns): boolean {
    return now - this.#updatedAt > this.#expiry;
  }
}
