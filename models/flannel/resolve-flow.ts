import { LOCAL_PORT_MAX, LOCAL_PORT_MIN } from "./defaults.ts";
import type { NodePath } from "./node-path.ts";
import type { Flow } from "./packet.ts";
import { sourcePort } from "./source-port.ts";

/** Finds the way of a flow in the tables of its sender's node as they are now, and notes it in the flow. */
export function resolveFlow(flow: Flow, path: NodePath, nodeAt: (ip: string) => NodePath | undefined): void {
  const { conf, tables } = path;
  const { backend, device, hasDefaultRoute, asksForNeighbours } = conf;
  flow.tablesVersion = tables.version;
  flow.target = undefined;
  flow.mac = undefined;
  flow.receiveHash = flow.hash;
  const to = flow.to.node;
  if (to === path) {
    flow.hop = "local";
    return;
  }
  if (to === undefined) {
    flow.hop = "outside";
    return;
  }
  const elsewhere = hasDefaultRoute ? "default" : "none";
  if (backend === "udp") {
    flow.hop = path.mac === undefined ? elsewhere : "proxy";
    const nextHop = path.proxyTable?.find(flow.to.ip).nextHop;
    if (nextHop !== undefined) setTarget(flow, path, nodeAt(nextHop));
    return;
  }
  const route = tables.routes.get(to.subnet) ?? (asksForNeighbours ? tables.routes.get("*") : undefined);
  if (route === undefined) {
    flow.hop = elsewhere;
    return;
  }
  if (device === undefined || route.device !== device) {
    flow.hop = "direct";
    flow.target = nodeAt(route.via);
    return;
  }
  flow.hop = "tunnel";
  flow.gateway = asksForNeighbours ? flow.to.ip : route.via;
  const neighbour = tables.neighbours.get(flow.gateway);
  if (neighbour === undefined) return;
  flow.mac = neighbour.mac;
  const vtep = tables.fdb.get(neighbour.mac);
  if (vtep !== undefined) setTarget(flow, path, nodeAt(vtep.ip));
}

/** All packets of a flow have one outer source port: they meet one queue of the receiving NIC. */
function setTarget(flow: Flow, path: NodePath, target: NodePath | undefined): void {
  flow.target = target;
  flow.sourcePort = sourcePort(flow.hash, LOCAL_PORT_MIN, LOCAL_PORT_MAX);
  flow.receiveHash = Math.imul(flow.sourcePort ^ addressHash(path.conf.ip), 0x9e3779b1) >>> 0;
}

function addressHash(ip: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < ip.length; i++) hash = Math.imul(hash ^ ip.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
