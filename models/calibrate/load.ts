import * as z from "zod";
import { duration, durationDistribution, integer, name, rate, scalar, shown } from "../../engine/scenario/fields.ts";
import type { Distribution } from "../../engine/scenario/distribution.ts";
import { UnitError, parseDuration, type Rate } from "../../engine/scenario/units.ts";
import type { Ns } from "../../engine/time.ts";

/** One group of a load: a cgroup on the machine, a task group in the model. */
export interface LoadGroup {
  name: string;
  /** An earlier group of the load. */
  parent?: string;
  /** Infinity: unlimited. */
  quota: Ns;
  period: Ns;
  burst: Ns;
  /** As cpu.shares of cgroup v1; 1024 is the default. */
  shares: number;
}

/** What workers do: run all the time; work, sleep and repeat; or serve the requests of one FIFO queue. */
export type Demand =
  | { type: "hog" }
  | { type: "closed"; burn: Ns; think: Ns }
  | { type: "periodic"; every: Ns; cpu: Distribution }
  | { type: "poisson"; rate: Rate; cpu: Distribution };

export interface LoadWorkers {
  group: string;
  threads: number;
  demand: Demand;
}

/** What is run on the kernel and in the model. */
export interface Load {
  id: string;
  note: string;
  duration: Ns;
  /** All workers may use this many of the machine's CPUs, the last ones. */
  cpus: number;
  groups: LoadGroup[];
  workers: LoadWorkers[];
}

const quota = scalar<Ns>(
  (value) => {
    if (value === "max") return Infinity;
    if (typeof value === "string") return parseDuration(value);
    throw new UnitError(`found ${shown(value)}; allowed: a duration such as 50ms, or max`);
  },
  { description: "runtime in a period", unit: "duration" },
);

const demandSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("hog") }),
  z.strictObject({
    type: z.literal("closed"),
    burn: duration({ description: "CPU time of one round" }),
    think: duration({ description: "sleep after it" }),
  }),
  z.strictObject({
    type: z.literal("periodic"),
    every: duration({ description: "between two arrivals; the first is at 0" }),
    cpu: durationDistribution({ description: "CPU time of one request" }),
  }),
  z.strictObject({
    type: z.literal("poisson"),
    rate: rate({ description: "mean rate of the arrivals" }),
    cpu: durationDistribution({ description: "CPU time of one request" }),
  }),
]);

const loadSchema = z.strictObject({
  id: name({ description: "names the load, and its random draws" }),
  note: z.string().meta({ description: "what it is for" }).default(""),
  duration: duration({ description: "of one repetition" }).prefault("3s"),
  cpus: integer({ description: "how many of the machine's CPUs, counted from the last" }, 1, 1024).default(1),
  groups: z
    .array(
      z.strictObject({
        name: name({ description: "the group's name" }),
        parent: name({ description: "an earlier group" }).optional(),
        quota: quota.prefault("max"),
        period: duration({ description: "the period" }).prefault("100ms"),
        burst: duration({ description: "what may be carried over" }, { zero: true }).prefault(0),
        shares: integer({ description: "weight, as cpu.shares" }, 2, 262_144).default(1024),
      }),
    )
    .min(1),
  workers: z
    .array(
      z.strictObject({
        group: name({ description: "the group that they run in" }),
        threads: integer({ description: "how many" }, 1, 64).default(1),
        demand: demandSchema.meta({ description: "what they do" }),
      }),
    )
    .min(1),
});

/** A file of loads for `sim calibrate cfs --load`. */
export const loadsSchema = z
  .strictObject({ loads: z.array(loadSchema).min(1) })
  .superRefine(({ loads }, context) => {
    const refuse = (path: Array<string | number>, message: string) =>
      context.addIssue({ code: "custom", path: ["loads", ...path], message });
    for (const [l, { id, groups, workers }] of loads.entries()) {
      if (loads.findIndex((other) => other.id === id) < l) refuse([l, "id"], `there is another load ${id}`);
      for (const [g, { name: own, parent }] of groups.entries()) {
        const earlier = new Set(groups.slice(0, g).map((group) => group.name));
        if (earlier.has(own)) refuse([l, "groups", g, "name"], `there is another group ${own}`);
        if (parent !== undefined && !earlier.has(parent)) {
          refuse([l, "groups", g, "parent"], `found ${parent}; allowed: an earlier group`);
        }
      }
      for (const [w, { group, demand }] of workers.entries()) {
        if (groups.some(({ parent }) => parent === group)) {
          refuse(
            [l, "workers", w, "group"],
            `group ${group} has groups below it; allowed: one without, as cgroup v2 has it`,
          );
        }
        if (demand.type === "poisson" && demand.rate.count === 0)
          refuse([l, "workers", w, "demand", "rate"], "found 0; allowed: more than 0");
        if (!groups.some((each) => each.name === group)) {
          refuse([l, "workers", w, "group"], `found ${group}; allowed: ${groups.map((each) => each.name).join(", ")}`);
        }
      }
    }
  })
  .transform(({ loads }): Load[] => loads);
