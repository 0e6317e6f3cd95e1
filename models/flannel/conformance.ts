import type { Adapters } from "../conformance/adapter.ts";
import { controlAdapters } from "./conformance-control.ts";
import { live } from "./conformance-live.ts";
import { pathAdapters } from "./conformance-path.ts";
import { tableAdapters } from "./conformance-tables.ts";

/** What the rules of this model answer to reference cases, by family. */
export const adapters: Adapters = { ...controlAdapters, ...tableAdapters, ...pathAdapters };

export { live };
