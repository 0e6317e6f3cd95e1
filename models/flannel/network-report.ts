import type { CounterTable } from "../../engine/results/counters.ts";
import type { FlannelNetwork } from "./network.ts";

/** Puts devices and table sizes of all nodes of a network into the counters. */
export function reportNetwork({ conf, nodes, writes }: FlannelNetwork, counters: CounterTable): void {
  for (const { node, path } of nodes) {
    path.eth0.report(counters, `dev/${node.name}/eth0`);
    path.cni0.report(counters, `dev/${node.name}/cni0`);
    const { queue, port, wire } = path.wireLosses;
    counters.add(`dev/${node.name}/eth0`, "sim_dropped_by_queue", queue);
    counters.add(`dev/${node.name}/eth0`, "sim_dropped_by_switch", port);
    counters.add(`dev/${node.name}/eth0`, "sim_lost_on_wire", wire);
    counters.add(`dev/${node.name}/eth0`, "sim_icmp_unreachable", path.icmpUnreachable);
    const { device } = path.conf;
    if (device === undefined) {
      counters.add(`dev/${node.name}/eth0`, "sim_routes", path.tables.routes.size);
      continue;
    }
    const object = `dev/${node.name}/${device}`;
    path.tunnel.report(counters, object);
    if (conf.backend === "udp") {
      counters.add(object, "sim_routes", path.proxyTable?.size ?? 0);
      continue;
    }
    const { routes, neighbours, fdb } = path.tables.sizes;
    counters.add(object, "sim_routes", routes);
    counters.add(object, "sim_neighbours", neighbours);
    counters.add(object, "sim_fdb", fdb);
  }
  counters.add(`flannel/${conf.name}`, "sim_writes", writes);
}
