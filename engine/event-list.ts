import type { Ns } from "./time.ts";

/**
 * Orders pending events, given by their slots in an EventStore, by (time, priority class, sequence number). Every
 * implementation gives the same total order; they differ in cost alone.
 */
export interface EventList {
  /** Adds a slot whose time and order are set in the store. */
  push(slot: number): void;
  /** Takes the earliest slot if it is due before `before`; otherwise gives -1 and changes no order. */
  popBefore(before: Ns): number;
  /** Takes a slot out before its turn. The slot must be in the list. */
  remove(slot: number): void;
  /** Pending slots in the order in which they would run: for reports, not for speed. */
  slots(): number[];
}
