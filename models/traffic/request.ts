import { NO_EVENT, type Handle, type Ns } from "../../engine/index.ts";
import type { Backend, Request } from "./backend.ts";
import type { Source } from "./source.ts";

/** One request of a source: the only object that is made for it. */
export class SourceRequest implements Request {
  readonly source: Source;
  readonly arrivedAt: Ns;
  readonly demandNs: Ns;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly backend: Backend;
  ahead: Request | undefined = undefined;
  behind: Request | undefined = undefined;
  server = -1;

  /** Whether the client still waits for the answer: until it comes, or fails, or the request times out. */
  isAwaited = true;
  /** On its way to the server, held by it, on its way back; or nowhere any more. */
  place: "outbound" | "server" | "inbound" | "nowhere" = "outbound";
  timeout: Handle = NO_EVENT;

  constructor(
    source: Source,
    backend: Backend,
    arrivedAt: Ns,
    demandNs: Ns,
    requestBytes: number,
    responseBytes: number,
  ) {
    this.source = source;
    this.backend = backend;
    this.arrivedAt = arrivedAt;
    this.demandNs = demandNs;
    this.requestBytes = requestBytes;
    this.responseBytes = responseBytes;
  }

  finish(): void {
    this.source.served(this);
  }

  fail(): void {
    this.source.lost(this);
  }
}
