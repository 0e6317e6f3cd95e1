import type { Adapters } from "../conformance/adapter.ts";
import { gcAdapters } from "./conformance-gc.ts";
import { podAdapters } from "./conformance-pods.ts";
import { pullAdapters } from "./conformance-pulls.ts";
import { requestAdapters } from "./conformance-requests.ts";
import { runtimeAdapters } from "./conformance-runtime.ts";

/** Reference cases that the image rules answer, by family. */
export const adapters: Adapters = {
  ...requestAdapters,
  ...pullAdapters,
  ...podAdapters,
  ...runtimeAdapters,
  ...gcAdapters,
};
