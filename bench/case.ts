/** One measurement. Files named `*.bench.ts` in this folder export an array of them as `cases`. */
export interface BenchCase {
  /** `area/what`, as in `engine/hold/1e4`. */
  name: string;
  /** What one operation is, for the reader of the table. */
  unit: string;
  /** Does one short batch of work (10 to 100 ms), from the state that earlier batches left, and gives the number of operations. */
  run(): number;
  /** Operations per second of a yardstick on this machine, measured now; undefined where it cannot be had. */
  yardstick?: () => number | undefined;
}
