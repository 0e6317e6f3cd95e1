import type { Ns, Simulation } from "../../engine/index.ts";
import { NS_PER_SECOND } from "../../engine/time.ts";
import type { RandomStream } from "../../engine/random/streams.ts";

/** Source: kubernetes v1.34 pkg/kubelet/kubelet.go, genericPlegRelistPeriod and the sync ticker of Run. */
const RELIST_PERIOD: Ns = 1 * NS_PER_SECOND;
const SYNC_TICK: Ns = 1 * NS_PER_SECOND;

/** Whoever wants to know of the next relist. */
export interface RelistListener {
  relisted(): void;
}

/**
 * The two loops of a kubelet that make it notice things late: the PLEG's relist, by which it learns of containers that
 * ended, and the sync tick, at which pods whose time has come are synced.
 *
 * Both run on a grid from their phases on, but only instants at which somebody waits for them are events: a quiet node
 * costs none. Simplified: a relist takes no time, so that its period is 1 s and not 1 s and its own length.
 * Source: kubernetes v1.34 pkg/kubelet/pleg/generic.go, Relist; pkg/kubelet/kubelet.go, syncLoopIteration.
 */
export class KubeletLoops {
  readonly #simulation: Simulation;
  readonly #waiting = new Set<RelistListener>();
  #relistPhase: Ns;
  #tickPhase: Ns;

  /** `stream` gives the phase of the relist, then that of the tick; undefined: both are 0. */
  constructor(simulation: Simulation, stream: RandomStream | undefined) {
    this.#simulation = simulation;
    this.#relistPhase = stream?.below(RELIST_PERIOD) ?? 0;
    this.#tickPhase = stream?.below(SYNC_TICK) ?? 0;
  }

  /** The kubelet begins again: it relists at once, and its tickers start now. */
  restart(): void {
    const { now } = this.#simulation;
    this.#relistPhase = now % RELIST_PERIOD;
    this.#tickPhase = now % SYNC_TICK;
  }

  /** Calls the listener at the next relist, or at that of this very instant; once, however often it asks. */
  awaitRelist(listener: RelistListener): void {
    if (this.#waiting.size === 0) {
      const { now } = this.#simulation;
      const late = (((now - this.#relistPhase) % RELIST_PERIOD) + RELIST_PERIOD) % RELIST_PERIOD;
      this.#simulation.scheduleAt(late === 0 ? now : now + RELIST_PERIOD - late, onRelist, this);
    }
    this.#waiting.add(listener);
  }

  /** The sync tick that takes up what is due at `due`: the first one after it, since an item is due when its time is past. */
  tickAfter(due: Ns): Ns {
    const late = (((due - this.#tickPhase) % SYNC_TICK) + SYNC_TICK) % SYNC_TICK;
    return due + SYNC_TICK - late;
  }

  relist(): void {
    const listeners = [...this.#waiting];
    this.#waiting.clear();
    for (const listener of listeners) listener.relisted();
  }
}

function onRelist(loops: KubeletLoops): void {
  loops.relist();
}
