/**
 * Simulated time: an integer number of nanoseconds since the start of the run, kept in a float64, where integers are
 * exact up to 2^53 (about 104 days). Adding and subtracting such times is exact, so equal instants are equal by
 * arithmetic and never by accident.
 */
export type Ns = number;

export const NS_PER_US = 1_000;
export const NS_PER_MS = 1_000_000;
export const NS_PER_SECOND = 1_000_000_000;

/** The last instant that the clock can show, 2^53 - 1 ns. */
export const END_OF_TIME: Ns = Number.MAX_SAFE_INTEGER;

/**
 * Rounds a computed delay to the nearest nanosecond, ties to even, never below 0: the one place where a real number
 * becomes a time.
 */
export function roundNs(value: number): Ns {
  if (!(value > 0)) return 0;
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor;
  if (rest > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}
