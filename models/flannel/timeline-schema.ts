import * as z from "zod";
import { bitRate, duration, name, number } from "../../engine/scenario/fields.ts";
import type { Ns } from "../../engine/time.ts";

/** What the timeline does to daemons, wires and tables. `node` names a node, or an entry with count: all its nodes. */
export type FlannelAction =
  | { action: "flanneldStop" | "flanneldStart"; node: string }
  | { action: "link"; node: string; bandwidth?: number; latency?: Ns; loss?: number }
  | { action: "entryRemove" | "entryRestore"; node: string; peer: string; table: "route" | "neighbour" | "fdb" };

const node = name({ description: "the node, or an entry with count: all its nodes" });
const entryFields = {
  node,
  peer: name({ description: "the node that the entry is about" }),
  table: z.enum(["route", "neighbour", "fdb"]).meta({ description: "which of the node's tables" }),
};

/** The fields of every action, beside `at`, `every`, `from` and `until`. */
export const flannelActionFields = {
  flanneldStop: { action: z.literal("flanneldStop"), node },
  flanneldStart: { action: z.literal("flanneldStart"), node },
  link: {
    action: z.literal("link"),
    node,
    bandwidth: bitRate({ description: "of the node's network card from now on" }).optional(),
    latency: duration({ description: "to the next node from now on" }, { zero: true }).optional(),
    loss: number({ description: "probability that a packet that this node sends is lost" }, 0, 1).optional(),
  },
  entryRemove: { action: z.literal("entryRemove"), ...entryFields },
  entryRestore: { action: z.literal("entryRestore"), ...entryFields },
};
