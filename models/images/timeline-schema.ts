import { name } from "../../engine/scenario/fields.ts";

/** What the timeline does to registries. Without `node` to all of them; else to the one that serves these nodes. */
export type RegistryAction = { action: "registryDown" | "registryUp"; node?: string };

const node = name({
  description: "the registry of this node or entry of nodes",
  defaultNote: "every registry",
}).optional();

/** Fields of every action by its name, beside `action`, `at`, `every`, `from` and `until`. */
export const registryActionFields = { registryDown: { node }, registryUp: { node } } as const;
