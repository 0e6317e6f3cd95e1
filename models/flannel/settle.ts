import type { DaemonBackend } from "./daemon.ts";
import type { FlannelNode, NetworkConf } from "./flannel-node.ts";
import { addressText } from "./ip.ts";
import type { TableStore } from "./kernel-tables.ts";

/**
 * Enters what nodes that have been there for long know of one another, as if their daemons had written it. `made` is
 * handed each node's backend afterwards, which may hold what it wrote.
 */
export function settle(
  conf: NetworkConf,
  nodes: readonly FlannelNode[],
  backendOf: (node: FlannelNode) => DaemonBackend,
  made: (node: FlannelNode, backend: DaemonBackend) => void,
): void {
  const settled = nodes.filter(({ daemon }) => daemon !== undefined);
  // Nodes of one zone hold the same entries, each without its own: written once, then copied.
  const templates = new Map<string, FlannelNode>();
  for (const node of settled) {
    const backend = backendOf(node);
    const { zone } = node.node;
    const template = conf.backend === "vxlan" ? templates.get(zone) : undefined;
    if (template === undefined || !copyTables(template, node)) {
      for (const other of settled) if (other !== node) write(backend, other);
      templates.set(zone, node);
    } else {
      // The template lacks its own entries.
      write(backend, template);
    }
    made(node, backend);
  }
}

function write(backend: DaemonBackend, peer: FlannelNode): void {
  if (peer.added === undefined) return;
  const job = backend.begin(peer.added);
  while (job.costNs !== undefined) job.write();
}

/** Copies all entries but those about the node itself; false where the tables have no fast way. */
function copyTables({ path: from }: FlannelNode, { path: to, lease }: FlannelNode): boolean {
  const copy = <V>(source: TableStore<V>, target: TableStore<V>): boolean => {
    if (target.assign === undefined) return false;
    target.assign(source);
    return true;
  };
  const { routes, neighbours, fdb } = from.tables;
  if (!copy(routes, to.tables.routes)) return false;
  copy(neighbours, to.tables.neighbours);
  copy(fdb, to.tables.fdb);
  for (const part of [lease?.v4, lease?.v6]) {
    if (part === undefined) continue;
    to.tables.routes.delete(part.subnet.text);
    to.tables.neighbours.delete(addressText(part.subnet));
    to.tables.fdb.delete(part.vtepMac ?? "");
  }
  return true;
}
