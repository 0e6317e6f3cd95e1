import type { Adapters, LiveAdapter } from "./adapter.ts";

export {
  adapter,
  NotCovered,
  premise,
  type Adapter,
  type Adapters,
  type Found,
  type Json,
  type LiveAdapter,
} from "./adapter.ts";

/** What `models/<name>/conformance.ts` exports. */
export interface ConformanceModule {
  /** Neutral cases, by family. */
  adapters: Adapters;
  /** Measurements on a real system, if the model can be held against them. */
  live?: LiveAdapter;
}

/** The models that answer reference cases: each is loaded when a file is judged, and is listed once its module exists. */
export const models: Readonly<Record<string, () => Promise<ConformanceModule>>> = {
  cfs: () => import("./cfs-live.ts"),
  images: () => import("../images/conformance.ts"),
  kubelet: () => import("../kubelet/conformance.ts"),
  flannel: () => import("../flannel/conformance.ts"),
  eviction: () => import("../eviction/conformance.ts"),
};
