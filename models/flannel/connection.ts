import type { Simulation } from "../../engine/simulation.ts";
import type { FlannelNetwork } from "./network.ts";
import type { Endpoint } from "./packet.ts";
import { TcpEnd } from "./tcp.ts";

/** Where a client and a pod are, and the network between them. */
export interface Places {
  network: FlannelNetwork;
  /** Segments of more than one packet travel as one: generic segmentation offload. */
  isGso: boolean;
  from: Endpoint;
  to: Endpoint;
}

/** Opens a TCP connection, a flow of its own on the underlay. */
export function openConnection(
  sim: Simulation,
  { network, isGso, from, to }: Places,
): { client: TcpEnd; server: TcpEnd } {
  const options = { isGso, mtu: network.podMtu, family: network.family };
  const hash = network.nextHash(from, to);
  const client = new TcpEnd(sim, from, to, hash, options);
  const server = new TcpEnd(sim, to, from, hash, options);
  client.peer = server;
  server.peer = client;
  return { client, server };
}
