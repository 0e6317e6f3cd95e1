import * as z from "zod";
import { duration, integer, scalar, shown, size } from "../../engine/scenario/fields.ts";
import { parseByteRate, parseRate, UnitError } from "../../engine/scenario/units.ts";
import type { Ns } from "../../engine/time.ts";

/** Rates of counts are per hour, so that 5/s, 10/m and 30/h are whole numbers of one unit. */
export const COUNT_RATE_PERIOD: Ns = 3_600_000_000_000;

/** A steady change from `after` on, until a level is reached or a time is over; for ever if neither is given. */
export interface Ramp {
  /** From the container's start. */
  after: Ns;
  /** Bytes a second, or processes an hour; negative falls. */
  rate: number;
  /** Where it stops: bytes of working set, or processes. */
  until?: number;
  for?: Ns;
}

/** How a container's working set moves; bytes. */
export interface MemoryBehavior {
  initial: number;
  ramps: Ramp[];
  /** Jumps of the working set. */
  steps: Array<{ after: Ns; to: number }>;
  /** Held while a request is in service. */
  perRequest: number;
  /** Reclaimable page cache on top; not working set. */
  cache: number;
}

/** Something that a container writes. */
export interface DiskWrite {
  /** Its writable layer, its logs, or a volume of the pod. */
  to: string;
  after: Ns;
  /** Bytes a second; 0: files alone. */
  rate: number;
  /** Bytes of the place at which it stops. */
  until?: number;
  for?: Ns;
  /** New files an hour. */
  files: number;
}

/** How many processes a container has. */
export interface PidsBehavior {
  initial: number;
  ramps: Ramp[];
}

/** What of a container's behaviour presses on its node. */
export interface UsageBehavior {
  memory?: MemoryBehavior;
  disk?: DiskWrite[];
  pids?: PidsBehavior;
}

const MOST_PIDS = 4_194_304;

const RATES_OF_BYTES = "a rate such as 50MB/s, or -10MB/s while it falls";

/** Bytes a second; may be negative, not 0. */
const signedByteRate = (description: string) =>
  scalar<number>(
    (value) => {
      if (typeof value !== "string") throw new UnitError(`found ${shown(value)}; allowed: ${RATES_OF_BYTES}`);
      const amount = parseByteRate(unsigned(value));
      if (amount === 0) throw new UnitError(`found ${shown(value)}; allowed: ${RATES_OF_BYTES}`);
      return value.startsWith("-") ? -amount : amount;
    },
    { description, unit: "bytes a second", examples: ["50MB/s", "-10MB/s"] },
  );

/** Items an hour. */
const countRate = (description: string, { negative }: { negative: boolean }) =>
  scalar<number>(
    (value) => {
      const allowed = `a rate such as 5/s, 10/m${negative ? ", or -5/s while it falls" : ""}`;
      const isFalling = typeof value === "string" && value.startsWith("-");
      if (typeof value !== "string" || (isFalling && !negative)) {
        throw new UnitError(`found ${shown(value)}; allowed: ${allowed}`);
      }
      const { count, per } = parseRate(unsigned(value));
      const perHour = (BigInt(count) * BigInt(COUNT_RATE_PERIOD)) / BigInt(per);
      if (perHour * BigInt(per) !== BigInt(count) * BigInt(COUNT_RATE_PERIOD) || perHour === 0n) {
        throw new UnitError(`found ${shown(value)}; allowed: a whole number in an hour, more than 0`);
      }
      return isFalling ? -Number(perHour) : Number(perHour);
    },
    { description, unit: "items a time", examples: negative ? ["5/s", "-5/s"] : ["5/s"] },
  );

function unsigned(text: string): string {
  return text.startsWith("-") ? text.slice(1) : text;
}

const after = () => duration({ description: "from the container's start" }, { zero: true }).prefault(0);
const forTime = () => duration({ description: "how long; or give until" }).optional();
const ENDS_ONCE = { message: "allowed: either until or for" };

function endsOnce({ until, for: time }: { until?: number; for?: Ns }): boolean {
  return until === undefined || time === undefined;
}

/** behavior.<container>.memory */
export const memoryBehaviorSchema = z
  .strictObject({
    initial: size({ description: "working set from the container's start" }, { zero: true }).prefault(0),
    ramps: z
      .array(
        z
          .strictObject({
            after: after(),
            rate: signedByteRate("how fast the working set moves"),
            until: size({ description: "the working set at which it stops" }, { zero: true }).optional(),
            for: forTime(),
          })
          .refine(endsOnce, ENDS_ONCE),
      )
      .meta({ description: "steady changes; those that overlap add up" })
      .default([]),
    steps: z
      .array(z.strictObject({ after: after(), to: size({ description: "the working set" }, { zero: true }) }))
      .meta({ description: "jumps of the working set" })
      .default([]),
    perRequest: size({ description: "held while a request is in service" }, { zero: true }).prefault(0),
    cache: size({ description: "reclaimable page cache on top; not working set" }, { zero: true }).prefault(0),
  })
  .meta({ description: "the container's memory; what presses on the node and on its limits" });

/** behavior.<container>.disk */
export const diskBehaviorSchema = z
  .array(
    z
      .strictObject({
        to: z
          .string()
          .min(1)
          .meta({ description: "rootfs, logs, or the name of a volume", examples: ["rootfs"] }),
        after: after(),
        rate: scalar<number>(
          (value) => {
            if (typeof value === "string" && parseByteRate(value) > 0) return parseByteRate(value);
            throw new UnitError(`found ${shown(value)}; allowed: a rate such as 20MB/s`);
          },
          { description: "how fast it writes", unit: "bytes a second", examples: ["20MB/s"], defaultNote: "0" },
        ).optional(),
        until: size({ description: "bytes in the place at which it stops" }, { zero: true }).optional(),
        for: forTime(),
        files: countRate("new files, an inode each", { negative: false }).optional(),
      })
      .refine(endsOnce, ENDS_ONCE)
      .refine(({ rate, files }) => rate !== undefined || files !== undefined, {
        message: "allowed: rate, files, or both",
      })
      .refine(({ rate, until }) => rate !== undefined || until === undefined, {
        message: "until counts bytes, and no rate is given; allowed: for",
      })
      .transform(({ rate = 0, files = 0, ...rest }): DiskWrite => ({ ...rest, rate, files })),
  )
  .meta({ description: "what the container writes to its node's disk" });

const pidCount = (description: string) => integer({ description }, 0, MOST_PIDS);

/** behavior.<container>.pids */
export const pidsBehaviorSchema = z
  .union([
    pidCount("processes"),
    z.strictObject({
      initial: pidCount("processes from the container's start").default(1),
      ramps: z
        .array(
          z
            .strictObject({
              after: after(),
              rate: countRate("how fast their number moves", { negative: true }),
              until: pidCount("the number at which it stops").optional(),
              for: forTime(),
            })
            .refine(endsOnce, ENDS_ONCE),
        )
        .meta({ description: "steady changes; those that overlap add up" })
        .default([]),
    }),
  ])
  .transform((value): PidsBehavior => (typeof value === "number" ? { initial: value, ramps: [] } : value))
  .meta({ description: "the container's processes; 1 where it is not given" });
