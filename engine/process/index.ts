/** Processes: behaviour written as generators that yield what they wait for. */
export { Waitable, type ProcessBody, type Waiter, type Yieldable } from "./waitable.ts";
export { Interrupted, Process, Processes, ProcessFailure, type ProcessState } from "./process.ts";
export { Signal } from "./signal.ts";
export { AllOf, allOf, AnyOf, anyOf, Delay, type First } from "./combinators.ts";
export { Servers } from "./servers.ts";
export { asked, type Given } from "./asked.ts";
