import { addressText } from "./ip.ts";
import type { Operation, Route } from "./kernel-tables.ts";
import type { FamilyLease, LeaseEvent } from "./lease.ts";
import { RETRY_ATTEMPTS } from "./defaults.ts";

/** One write of a plan, how often it is tried, and what happens when it fails for good. */
export interface Step {
  readonly operation: Operation;
  readonly attempts: number;
  /** `continue` with the next step, or do these instead of all further steps. */
  readonly onGiveUp: "continue" | readonly Step[];
}

/** The VXLAN devices of a node, and which peers it reaches without a gateway if DirectRouting is on. */
export interface VxlanContext {
  readonly v4?: string;
  readonly v6?: string;
  /** Whether route-get to this public IP gives exactly one route without gateway; false where DirectRouting is off. */
  readonly isDirect: (publicIp: string) => boolean;
}

export type PeerPlan = { kind: "ignored"; reason: "backend type" | "backend data" } | { kind: "steps"; steps: Step[] };

/**
 * The writes that the vxlan backend makes of one lease event, in order (rule R12). An ADD writes neighbour, FDB and route,
 * the route last, since the kernel would ask for the gateway's MAC otherwise; what fails undoes what this family wrote and
 * ends the event, the IPv6 half included. A REMOVE tries all three whatever fails. A peer that is reached directly has a
 * route only; whether it is, is asked again at REMOVE.
 * Source: flannel v0.28.9 pkg/backend/vxlan/vxlan_network.go handleSubnetEvents.
 */
export function planPeer(event: LeaseEvent, context: VxlanContext): PeerPlan {
  const { lease } = event;
  if (lease.backendType !== "vxlan") return { kind: "ignored", reason: "backend type" };
  const steps: Step[] = [];
  for (const family of [4, 6] as const) {
    const part = family === 4 ? lease.v4 : lease.v6;
    const device = family === 4 ? context.v4 : context.v6;
    if (part === undefined || device === undefined) continue;
    if (part.vtepMac === undefined) return { kind: "ignored", reason: "backend data" };
    const isDirect = context.isDirect(part.publicIp);
    if (event.type === "remove") steps.push(...removeSteps(part, device, isDirect));
    else steps.push(...addSteps(family, part, device, isDirect));
  }
  return { kind: "steps", steps };
}

function addSteps(family: 4 | 6, part: FamilyLease, device: string, isDirect: boolean): Step[] {
  if (isDirect) return [step({ table: "route", verb: "replace", route: directRoute(part) }, [])];
  const neighbourDelete = neighbour("delete", part, device);
  const fdbDelete = fdb("delete", part, device);
  // Which undo is retried differs between the families: upstream wraps one of the two places in each.
  const undoFdb: Step[] = [step(neighbourDelete, "continue", family === 4 ? RETRY_ATTEMPTS : 1)];
  const undoAttempts = family === 4 ? 1 : RETRY_ATTEMPTS;
  const undoRoute: Step[] = [
    step(neighbourDelete, "continue", undoAttempts),
    step(fdbDelete, "continue", undoAttempts),
  ];
  return [
    step(neighbour("set", part, device), []),
    step(fdb("set", part, device), undoFdb),
    step({ table: "route", verb: "replace", route: tunnelRoute(part, device) }, undoRoute),
  ];
}

function removeSteps(part: FamilyLease, device: string, isDirect: boolean): Step[] {
  if (isDirect) return [step({ table: "route", verb: "delete", route: directRoute(part) }, "continue")];
  return [
    step(neighbour("delete", part, device), "continue"),
    step(fdb("delete", part, device), "continue"),
    step({ table: "route", verb: "delete", route: tunnelRoute(part, device) }, "continue"),
  ];
}

function step(operation: Operation, onGiveUp: Step["onGiveUp"], attempts = RETRY_ATTEMPTS): Step {
  return { operation, attempts, onGiveUp };
}

function neighbour(verb: "set" | "delete", part: FamilyLease, device: string): Operation {
  return { table: "neighbour", verb, device, ip: addressText(part.subnet), mac: part.vtepMac ?? "" };
}

function fdb(verb: "set" | "delete", part: FamilyLease, device: string): Operation {
  return { table: "fdb", verb, device, mac: part.vtepMac ?? "", ip: part.publicIp };
}

function directRoute(part: FamilyLease): Route {
  return { dst: part.subnet.text, via: part.publicIp };
}

function tunnelRoute(part: FamilyLease, device: string): Route {
  return { dst: part.subnet.text, via: addressText(part.subnet), device, isOnlink: true };
}

/**
 * Plays a plan without time: says which write is next, and is told how it ended. The daemon on the engine and tests that
 * need no clock use the same.
 */
export class PlanRunner {
  #steps: readonly Step[];
  #next = 0;
  #tries = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** The write to do now, or undefined when the plan is done. */
  get operation(): Operation | undefined {
    return this.#steps[this.#next]?.operation;
  }

  /**
   * Takes the outcome of `operation`. Returns how many times it has failed so far if it is to be tried again after a
   * wait, and 0 if the plan goes on at once.
   */
  settle(hasFailed: boolean): number {
    const current = this.#steps[this.#next];
    if (hasFailed && ++this.#tries < current.attempts) return this.#tries;
    this.#tries = 0;
    this.#next++;
    if (hasFailed && current.onGiveUp !== "continue") {
      this.#steps = current.onGiveUp;
      this.#next = 0;
    }
    return 0;
  }
}

/** What became of one write of a plan that was played to its end. */
export interface PlayedStep {
  readonly operation: Operation;
  readonly tries: number;
  readonly hasFailed: boolean;
}

/** Plays a whole plan at one instant; `write` does a write and says whether it failed. */
export function playPlan(steps: readonly Step[], write: (operation: Operation) => boolean): PlayedStep[] {
  const runner = new PlanRunner(steps);
  const played: PlayedStep[] = [];
  let tries = 0;
  for (let operation = runner.operation; operation !== undefined; operation = runner.operation) {
    const hasFailed = write(operation);
    tries++;
    if (runner.settle(hasFailed) > 0) continue;
    played.push({ operation, tries, hasFailed });
    tries = 0;
  }
  return played;
}
