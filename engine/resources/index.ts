/** What entities of a model wait for and share. README.md says which to take. */
export { Level, type LevelTicket } from "./level.ts";
export { PreemptiveServer, type Job, type Preemption } from "./preemptive-server.ts";
export { Server, type ServerTicket } from "./server.ts";
export { Store, type PutTicket } from "./store.ts";
export type { Granted, Ticket } from "./ticket.ts";
export { TokenBucket, type TokenRate, type TokenTicket } from "./token-bucket.ts";
export type { Flow } from "./sharing/flow-class.ts";
export type { Link } from "./sharing/link.ts";
export { Network, type Route } from "./sharing/network.ts";
