/**
 * Functions of a real number that give the same bits on every JavaScript engine: the language fixes + - * / and the square
 * root alone, so everything else is computed from these.
 */
export { exp } from "./exp.ts";
export { incompleteGamma, inverseGamma } from "./inverse-gamma.ts";
export { inverseNormal } from "./inverse-normal.ts";
export { ln } from "./ln.ts";
export { logGamma } from "./log-gamma.ts";
export { pow } from "./pow.ts";
export { cosOfTurn, sinOfTurn } from "./turn.ts";
