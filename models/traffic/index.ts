/**
 * Requests: when they arrive, what they ask of their servers, how they are spread over ready pods, and what becomes of
 * them. Left out: connections, retries, and the network, which is a model of its own.
 */
export { arrivalProcess, type ArrivalProcess, type ArrivalStreams } from "./arrivals.ts";
export type { Backend, BackendSet, Network, Request } from "./backend.ts";
export { MOST_OPEN_REQUESTS, Source, type RequestLog, type SourceOptions } from "./source.ts";
export { Traffic, type RequestLogs } from "./traffic.ts";
