/**
 * The CFS model held against a running kernel: loads, what they did on the kernel, the same demand replayed in the model,
 * and both side by side as a table or a page. Measuring itself is the business of `sim calibrate cfs`; here is what can be
 * done with what it recorded. Not played: interrupts, other work on the machine, the time to wake a halted CPU (50 to
 * 150 us a request).
 */
export { builtInLoads, type WrittenLoad } from "./built-in-loads.ts";
export { acceptedRange, compareSet, type ComparedFigure, type ComparedLoad, type Spread } from "./compare.ts";
export { FIGURES, type Figure, type Figures } from "./figures.ts";
export { loadsSchema, type Demand, type Load, type LoadGroup, type LoadWorkers } from "./load.ts";
export { validationPage, type Page } from "./page.ts";
export type { Machine, RecordedSet, Recording, Repetition, Served, ServedRequest, ServedRound } from "./recording.ts";
export { replay, type Replay } from "./replay.ts";
export { comparisonTable, score, verdict } from "./table.ts";
