import type { Ns } from "../../engine/time.ts";

/** One request on its way, as its server and the network see it. */
export interface Request {
  /** The instant at which it was meant to arrive: latency counts from here. */
  readonly arrivedAt: Ns;
  /** CPU time that serving it takes, before what a kernel adds. */
  readonly demandNs: Ns;
  /** Payload there and back. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Who serves it. */
  readonly backend: Backend;

  /** For the backend's use alone: its neighbours in the backend's queue, and the number of its server (-1: it waits). */
  ahead: Request | undefined;
  behind: Request | undefined;
  server: number;

  /** The server is done with it, now. The backend forgets it before it calls this. */
  finish(): void;
  /** Its server ended, now. The backend forgets it before it calls this. */
  fail(): void;
}

/** What serves requests: one container of one ready pod. */
export interface Backend {
  /** Requests that it holds, waiting or in service. */
  readonly openRequests: number;
  /** Takes a request. It answers by `finish` or `fail`, which may happen before this returns. */
  submit(request: Request): void;
  /** Takes back a request that it holds: it neither finishes nor fails then. */
  withdraw(request: Request): void;
}

/** The ready pods of a workload, kept up to date. */
export interface BackendSet {
  /** In the order of the pods. */
  readonly ready: readonly Backend[];
  /** Asks to be called whenever a pod has become ready, once `ready` has it. */
  onReady(callback: () => void): void;
}

/** What carries requests and responses; where there is none, they arrive at once. */
export interface Network {
  /** Carries a payload between the client and the request's backend, then calls `delivered(request)`. */
  carry<R extends Request>(request: R, direction: "request" | "response", delivered: (request: R) => void): void;
}
