import type { Ns } from "../time.ts";

/** One line of events.csv. */
export interface LoggedEvent {
  at: Ns;
  /** Empty for an event of the cluster. */
  node: string;
  /** As `pod/web-0` or `node/worker`. */
  object: string;
  /** Kubernetes' own word where it has one: Scheduled, Pulled, Killing. */
  reason: string;
  message: string;
}

/** What happened to pods and nodes, in the order in which it happened. */
export class EventLog {
  readonly entries: LoggedEvent[] = [];

  add(at: Ns, node: string, object: string, reason: string, message: string): void {
    this.entries.push({ at, node, object, reason, message });
  }
}
