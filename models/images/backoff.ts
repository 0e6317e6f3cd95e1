import type { Ns } from "../../engine/time.ts";

interface Entry {
  window: Ns;
  lastUpdate: Ns;
}

export interface BackOffOptions {
  initial: Ns;
  max: Ns;
  /** An entry that was not updated for longer starts again; default: twice `max`. */
  expiry?: Ns;
}

/**
 * Exponential back-off by key, without jitter: the kubelet keeps one for image pulls and one for container restarts
 * (rules R6 and R7). A success resets nothing; only time does.
 * Source: kubernetes v1.34 staging/src/k8s.io/client-go/util/flowcontrol/backoff.go.
 */
export class BackOff {
  readonly initial: Ns;
  readonly max: Ns;
  readonly expiry: Ns;
  readonly #entries = new Map<string, Entry>();

  constructor({ initial, max, expiry = 2 * max }: BackOffOptions) {
    this.initial = initial;
    this.max = max;
    this.expiry = expiry;
  }

  /** Keys with an entry, expired ones included. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Notes one more failure at `now`: the first window, or twice the last one up to the longest. Whether the entry has
   * expired is judged at the event's own time, e.g. when the container exited.
   */
  next(key: string, now: Ns, eventAt: Ns = now): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#hasExpired(entry, eventAt)) {
      this.#entries.set(key, { window: this.initial, lastUpdate: now });
    } else {
      entry.window = Math.min(2 * entry.window, this.max);
      entry.lastUpdate = now;
    }
  }

  /** Whether the window that began with the last failure is still open at `now`; at its very end it is not. */
  isInBackOffSinceUpdate(key: string, now: Ns): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && !this.#hasExpired(entry, now) && now - entry.lastUpdate < entry.window;
  }

  /** Whether less time than the window has passed since an event, e.g. since the container exited. */
  isInBackOffSince(key: string, eventAt: Ns, now: Ns): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && !this.#hasExpired(entry, eventAt) && now - eventAt < entry.window;
  }

  /** The window of the last failure; 0 for a key without one. */
  windowOf(key: string): Ns {
    return this.#entries.get(key)?.window ?? 0;
  }

  /** Drops the entries that have expired. */
  sweep(now: Ns): void {
    for (const [key, entry] of this.#entries) if (this.#hasExpired(entry, now)) this.#entries.delete(key);
  }

  #hasExpired(entry: Entry, at: Ns): boolean {
    return at - entry.lastUpdate > this.expiry;
  }
}

/**
 * What an image's back-off is kept under: the pod and the image as the pod writes it, so that two pods never share one
 * and `web` and `web:latest` do not either (rule R6).
 * Source: kubernetes v1.34 pkg/kubelet/images/image_manager.go, pullImage.
 */
export function imageBackOffKey(podUid: string, image: string): string {
  return `${podUid}_${image}`;
}
