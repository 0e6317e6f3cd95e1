import type { Adapters } from "../conformance/adapter.ts";
import { configAdapters } from "./conformance-config.ts";
import { kernelAdapters } from "./conformance-kernel.ts";
import { passAdapters } from "./conformance-pass.ts";
import { ruleAdapters } from "./conformance-rules.ts";

/** What the rules of this model answer to reference cases, by family. */
export const adapters: Adapters = { ...configAdapters, ...ruleAdapters, ...passAdapters, ...kernelAdapters };
