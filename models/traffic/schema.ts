import * as z from "zod";
import type { Distribution } from "../../engine/scenario/distribution.ts";
import {
  duration,
  durationDistribution,
  integer,
  isDnsLabel,
  name,
  number,
  rate,
  scalar,
  shown,
  sizeDistribution,
} from "../../engine/scenario/fields.ts";
import { UnitError, type Rate } from "../../engine/scenario/units.ts";
import type { Ns } from "../../engine/time.ts";
import { flowSchema, type FlowSection } from "../flannel/flow-schema.ts";
import { traceRowSchema, type TraceRow } from "./trace.ts";

export type { TraceRow } from "./trace.ts";

/** When the requests of a source arrive. */
export type Arrivals =
  | { type: "constant"; rate: Rate }
  | { type: "poisson"; rate: Rate }
  | { type: "onoff"; on: Distribution; off: Distribution; rate: Rate; process: "poisson" | "constant" }
  | { type: "mmpp"; states: Array<{ rate: Rate; mean: Ns }> }
  | { type: "sine"; rate: Rate; amplitude: number; period: Ns }
  | { type: "steps"; steps: Array<{ at: Ns; rate: Rate }> }
  | { type: "stages"; startRate: Rate; stages: Array<{ duration: Ns; target: Rate }> }
  | { type: "closed"; users: number; think: Distribution }
  | { type: "trace"; rows: TraceRow[] };

export type Balance = "random" | "roundRobin" | "leastConnections";

/** One source of requests. */
export interface TrafficEntry {
  name: string;
  /** The workload, and the container where one was named (otherwise the pod's first). */
  to: { workload: string; container?: string };
  /** A workload; absent: a client outside the cluster. */
  from?: string;
  stream?: string;
  arrivals: Arrivals;
  /** A bulk transfer in place of requests. */
  flow?: FlowSection;
  /** CPU demand of one request. */
  cpu: Distribution;
  request?: { size: Distribution };
  response?: { size: Distribution };
  timeout?: Ns;
  cancelOnTimeout: boolean;
  balance: Balance;
}

/** Rates, demands and the like may change while a scenario runs. */
const live = { live: true };
const MOST_USERS = 1_000_000;

const arrivalRate = (description: string) => rate({ description });

const variants = [
  z.strictObject({
    type: z.literal("constant"),
    rate: rate({ description: "equal distances, first at time 0", ...live }),
  }),
  z.strictObject({
    type: z.literal("poisson"),
    rate: rate({ description: "mean rate of a Poisson process", ...live }),
  }),
  z.strictObject({
    type: z.literal("onoff"),
    on: durationDistribution({ description: "how long it is on; it starts on" }),
    off: durationDistribution({ description: "how long it is off" }),
    rate: rate({ description: "while it is on", ...live }),
    process: z.enum(["poisson", "constant"]).meta({ description: "of the arrivals while it is on" }).default("poisson"),
  }),
  z.strictObject({
    type: z.literal("mmpp"),
    states: z
      .array(
        z.strictObject({
          rate: arrivalRate("of the Poisson process in this state"),
          mean: duration({ description: "mean stay, exponentially distributed" }),
        }),
      )
      .min(1)
      .meta({ description: "starts in the first; the next state is uniform among the others" }),
  }),
  z.strictObject({
    type: z.literal("sine"),
    rate: rate({ description: "mean rate; Poisson", ...live }),
    amplitude: number({ description: "of the swing, as a part of the rate" }, 0, 1),
    period: duration({ description: "of the swing" }),
  }),
  z.strictObject({
    type: z.literal("steps"),
    steps: z
      .array(
        z.strictObject({ at: duration({ description: "from when on" }, { zero: true }), rate: arrivalRate("Poisson") }),
      )
      .min(1)
      .refine(isAscending, { message: "the times do not ascend; allowed: each at after the one before" })
      .meta({ description: "rates by time; 0 before the first" }),
  }),
  z.strictObject({
    type: z.literal("stages"),
    startRate: arrivalRate("at time 0").prefault("0/s"),
    stages: z
      .array(
        z.strictObject({
          duration: duration({ description: "of the stage" }, { zero: true }),
          target: arrivalRate("at its end"),
        }),
      )
      .min(1)
      .meta({ description: "linear from one target to the next; an arrival where the integral reaches 1, 2, 3 ..." }),
  }),
  z.strictObject({
    type: z.literal("closed"),
    users: integer(
      { description: "each asks, waits for the answer, thinks, asks again; all ask at time 0" },
      1,
      MOST_USERS,
    ),
    think: durationDistribution({ description: "between answer and next request" }).prefault(0),
  }),
  z
    .strictObject({
      type: z.literal("trace"),
      file: z
        .string()
        .min(1)
        .meta({ description: "a CSV with the columns of rows; relative to the scenario" })
        .optional(),
      rows: z.array(traceRowSchema).meta({ description: "the recorded requests, times ascending" }).optional(),
    })
    .refine(({ file, rows }) => (file === undefined) !== (rows === undefined), {
      message: "allowed: either file or rows",
    }),
] as const;

/** A trace's file is read later, by the one who knows the folder. */
export type ArrivalsInput = Exclude<Arrivals, { type: "trace" }> | { type: "trace"; file?: string; rows?: TraceRow[] };

const arrivalsSchema = z.discriminatedUnion("type", variants).meta({ description: "when the requests arrive" });

function isAscending(steps: ReadonlyArray<{ at: Ns }>): boolean {
  return steps.every((step, i) => i === 0 || step.at > steps[i - 1].at);
}

const target = scalar<TrafficEntry["to"]>(
  (value) => {
    const [workload, container, more] = typeof value === "string" ? value.split("/") : [];
    const isTarget = workload !== undefined && more === undefined && isDnsLabel(workload);
    if (!isTarget || (container !== undefined && !isDnsLabel(container))) {
      throw new UnitError(`found ${shown(value)}; allowed: a workload, or workload/container`);
    }
    return container === undefined ? { workload } : { workload, container };
  },
  {
    description: "the workload that serves the requests (its first container), or workload/container",
    examples: ["web", "web/app"],
  },
);

const payload = (description: string) =>
  z
    .strictObject({ size: sizeDistribution({ description: "payload in bytes" }) })
    .meta({ description })
    .optional();

/** traffic[] */
export const trafficSchema = z
  .strictObject({
    name: name({ description: "the source's name in the CSVs" }),
    to: target,
    from: name({ description: "the workload that asks", defaultNote: "a client outside the cluster" }).optional(),
    stream: name({
      description: "names the source's random draws: equal streams give equal draws",
      defaultNote: "the source's name",
    }).optional(),
    arrivals: arrivalsSchema.optional(),
    flow: flowSchema.optional(),
    cpu: durationDistribution({ description: "CPU time that one request takes", ...live }).prefault(0),
    request: payload("what is sent with a request"),
    response: payload("what is sent back"),
    timeout: duration({
      description: "a request that is not complete after this fails",
      defaultNote: "none",
      ...live,
    }).optional(),
    cancelOnTimeout: z
      .boolean()
      .meta({ description: "whether the server drops a request that timed out", ...live })
      .default(false),
    balance: z
      .enum(["random", "roundRobin", "leastConnections"])
      .meta({
        description: "how requests are spread over the workload's ready pods",
        source: "kube-proxy: random",
        ...live,
      })
      .default("random"),
  })
  .refine(({ arrivals, flow }) => (arrivals === undefined) !== (flow === undefined), {
    message: "allowed: either arrivals or flow",
  });
