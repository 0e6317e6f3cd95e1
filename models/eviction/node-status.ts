import { NO_EVENT, type Handle, type Ns, type Simulation } from "../../engine/index.ts";
import type { EventLog } from "../../engine/results/event-log.ts";
import { roundNs } from "../../engine/time.ts";
import type { Node } from "../cluster/node.ts";
import type { Taint } from "../cluster/schema.ts";
import type { NodeCondition } from "./signals.ts";

interface ConditionFacts {
  /** Reasons of the node's events. Source: kubernetes v1.34 pkg/kubelet/nodestatus/setters.go */
  begun: string;
  ended: string;
  /** Source: kubernetes v1.34 staging/src/k8s.io/api/core/v1/well_known_taints.go */
  taint: string;
  what: string;
}

const FACTS: Readonly<Record<NodeCondition, ConditionFacts>> = {
  MemoryPressure: {
    begun: "NodeHasInsufficientMemory",
    ended: "NodeHasSufficientMemory",
    taint: "node.kubernetes.io/memory-pressure",
    what: "memory",
  },
  DiskPressure: {
    begun: "NodeHasDiskPressure",
    ended: "NodeHasNoDiskPressure",
    taint: "node.kubernetes.io/disk-pressure",
    what: "disk",
  },
  PIDPressure: {
    begun: "NodeHasInsufficientPID",
    ended: "NodeHasSufficientPID",
    taint: "node.kubernetes.io/pid-pressure",
    what: "PID",
  },
};

/** The taint of memory pressure, which BestEffort pods may tolerate. */
export const MEMORY_PRESSURE_TAINT: Taint = { key: FACTS.MemoryPressure.taint, effect: "NoSchedule" };

/** The taints that the node lifecycle controller gives a node of these conditions. */
export function pressureTaints(conditions: readonly NodeCondition[]): Taint[] {
  return conditions.map((condition) => ({ key: FACTS[condition].taint, effect: "NoSchedule" }));
}

export interface NodeStatusOptions {
  simulation: Simulation;
  node: Node;
  events: EventLog;
  /** nodeStatusUpdateFrequency. */
  period: Ns;
  hasPhases: boolean;
  /** What the kubelet knows now. */
  conditions: () => readonly NodeCondition[];
  /** The API server has learnt of other conditions. */
  onPushed: (conditions: readonly NodeCondition[]) => void;
}

/**
 * What the API server knows of a node's pressure: the kubelet tells it at the ticks of its status loop. There are events
 * for the ticks alone that find a change.
 *
 * Simplified: the taint follows at the same instant; upstream's controller takes some tenths of a second.
 */
export class NodeStatus {
  /** As told last. */
  pushed: readonly NodeCondition[] = [];
  readonly #options: NodeStatusOptions;
  readonly #phase: Ns;
  #tick: Handle = NO_EVENT;

  constructor(options: NodeStatusOptions) {
    const { simulation, node, period, hasPhases } = options;
    this.#options = options;
    const stream = simulation.streams.fresh(`node/${node.stream}/node-status`);
    this.#phase = hasPhases ? roundNs(stream.uniform() * period) : 0;
  }

  /** The kubelet's conditions have changed: the next tick tells of it, and one of this very instant was before that. */
  changed(): void {
    const { simulation, period } = this.#options;
    simulation.cancel(this.#tick);
    const passed = simulation.now - this.#phase;
    const ticks = passed < 0 ? 0 : (passed - (passed % period)) / period + 1;
    this.#tick = simulation.scheduleAt(this.#phase + ticks * period, () => this.#push(), undefined);
  }

  /** The node is down: it tells nobody anything. */
  stop(): void {
    this.#options.simulation.cancel(this.#tick);
  }

  #push(): void {
    const { simulation, node, events, conditions, onPushed } = this.#options;
    const [before, now] = [this.pushed, conditions()];
    if (before.join() === now.join()) return;
    this.pushed = now;
    for (const condition of Object.keys(FACTS) as NodeCondition[]) {
      const is = now.includes(condition);
      if (is === before.includes(condition)) continue;
      const { begun, ended, what } = FACTS[condition];
      const message = `Node ${node.name} is ${is ? "" : "no longer "}under ${what} pressure`;
      events.add(simulation.now, node.name, `node/${node.name}`, is ? begun : ended, message);
    }
    onPushed(now);
  }
}
