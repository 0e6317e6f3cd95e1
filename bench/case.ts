/** One measurement. Files named `*.bench.ts` in this folder export an array of them as `cases`. */
export interface BenchCase {
  /** `area/what`, as in `engine/hold/1e4`. */
  name: string;
  /** What one operation is, for the reader of the table. */
  unit: string;
  /**
   * Does one short batch of work (10 to 200 ms), from the state that earlier batches left, and gives the number of
   * operations.
   */
  run(): number;
  /** Other programs that do the same work, measured in turn with it. */
  peers?: Peer[];
}

/** Another program that does the work of a case. */
export interface Peer {
  /** Short: it becomes a key of `ratioTo`. */
  name: string;
  /** Takes long, and is left out by `--quick`. */
  isSlow?: boolean;
  /** Runs it once, for a second or less; operations per second, or undefined where it is not installed. */
  measure(): number | undefined;
}
