import type { Ns } from "../time.ts";

/** `count` items in every `per` nanoseconds: exact, so that 10/m is ten a minute and not a rounded number a second. */
export interface Rate {
  count: number;
  per: Ns;
}
