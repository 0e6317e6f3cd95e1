/**
 * The bits of a float64 as two 32-bit words, through one shared buffer. Nothing is kept in it between calls.
 */
const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

float[0] = 1;
/** Where the word with sign and exponent stands: 1 on little-endian machines, 0 on the others. */
const HIGH = words[0] === 0 ? 1 : 0;
const LOW = 1 - HIGH;

/** Sign, exponent and the upper 20 bits of the significand, as a signed 32-bit integer. */
export function highWord(x: number): number {
  float[0] = x;
  return words[HIGH] | 0;
}

/** `x` with another high word. */
export function withHighWord(x: number, high: number): number {
  float[0] = x;
  words[HIGH] = high;
  return float[0];
}

/** `x` without the lower 32 bits of its significand: products of two such numbers are nearly exact. */
export function withoutLowWord(x: number): number {
  float[0] = x;
  words[LOW] = 0;
  return float[0];
}

/** 2^exponent, for a normal result: -1022 to 1023. */
export function powerOfTwo(exponent: number): number {
  words[HIGH] = (exponent + 1023) << 20;
  words[LOW] = 0;
  return float[0];
}
