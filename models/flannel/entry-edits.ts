import type { FlannelNode } from "./flannel-node.ts";
import { addressText } from "./ip.ts";
import type { Operation } from "./kernel-tables.ts";
import type { FamilyLease } from "./lease.ts";

/** A user deletes one entry of a node about a peer; what it was is remembered, so that it can be entered again. */
export function removeEntry(node: FlannelNode, peer: string, lease: FamilyLease, table: Operation["table"]): void {
  const { path } = node;
  const { routes, neighbours, fdb } = path.tables;
  const gateway = addressText(lease.subnet);
  const mac = neighbours.get(gateway)?.mac ?? lease.vtepMac ?? "";
  const device = path.conf.device ?? "eth0";
  let restore: Operation | undefined;
  if (table === "route") {
    const route = routes.get(lease.subnet.text);
    if (route !== undefined) restore = { table, verb: "replace", route };
  } else if (table === "neighbour") {
    if (neighbours.get(gateway) !== undefined) restore = { table, verb: "set", device, ip: gateway, mac };
  } else {
    const entry = fdb.get(mac);
    if (entry !== undefined) restore = { table, verb: "set", device, ip: entry.ip, mac };
  }
  if (restore === undefined) return;
  path.apply({ ...restore, verb: "delete" });
  node.removed.set(`${peer} ${table}`, restore);
}

/** The user enters it again. */
export function restoreEntry(node: FlannelNode, peer: string, table: Operation["table"]): void {
  const key = `${peer} ${table}`;
  const operation = node.removed.get(key);
  if (operation !== undefined) node.path.apply(operation);
  node.removed.delete(key);
}
