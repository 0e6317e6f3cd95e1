import type { Simulation } from "../../engine/simulation.ts";
import type { Backend, Network, Request } from "../traffic/backend.ts";
import { openConnection, type Places } from "./connection.ts";
import type { Endpoint } from "./packet.ts";
import type { TcpEnd } from "./tcp.ts";

/** Where a request's connection begins and ends; undefined where no network lies between. */
export type PlacesFor = (backend: Backend) => Places | undefined;

/** An open connection of a client to a pod; it carries one request at a time. */
interface Connection {
  readonly client: TcpEnd;
  readonly server: TcpEnd;
  readonly idle: Connection[];
}

/**
 * Carries the requests of one traffic entry, and their responses, as TCP segments on open connections. A request takes a
 * connection of its client to its pod that has none under way, the one that was used last; there are as many as needed.
 *
 * Simplified: connections are open from the start, so that no handshake is seen. A payload of no size takes one byte.
 */
export class RequestNetwork implements Network {
  readonly #sim: Simulation;
  readonly #places: PlacesFor;
  readonly #idle = new Map<Endpoint, Map<Endpoint, Connection[]>>();
  /** Requests that never get their answer are forgotten together with their connection. */
  readonly #connections = new WeakMap<Request, Connection>();

  constructor(sim: Simulation, places: PlacesFor) {
    this.#sim = sim;
    this.#places = places;
  }

  carry<R extends Request>(request: R, direction: "request" | "response", delivered: (request: R) => void): void {
    if (direction === "request") {
      const connection = this.#take(request.backend);
      if (connection === undefined) return delivered(request);
      this.#connections.set(request, connection);
      connection.client.send(Math.max(1, request.requestBytes), () => delivered(request));
      return;
    }
    const connection = this.#connections.get(request);
    if (connection === undefined) return delivered(request);
    this.#connections.delete(request);
    connection.server.send(Math.max(1, request.responseBytes), () => {
      connection.idle.push(connection);
      delivered(request);
    });
  }

  #take(backend: Backend): Connection | undefined {
    const places = this.#places(backend);
    if (places === undefined) return undefined;
    const { from, to } = places;
    let byServer = this.#idle.get(from);
    if (byServer === undefined) this.#idle.set(from, (byServer = new Map()));
    let idle = byServer.get(to);
    if (idle === undefined) byServer.set(to, (idle = []));
    const last = idle.pop();
    if (last !== undefined) return last;
    return { ...openConnection(this.#sim, places), idle };
  }
}
