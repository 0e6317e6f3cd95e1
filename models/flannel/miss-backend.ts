import type { Ns } from "../../engine/time.ts";
import type { WriteCosts } from "./backends.ts";
import type { DaemonBackend } from "./daemon.ts";
import type { Operation } from "./kernel-tables.ts";
import type { LeaseEvent } from "./lease.ts";

/**
 * The vxlan backend from before v0.9.0, in its second generation: of a peer it writes the FDB entry alone; one route for
 * the whole network was written at the start, and neighbours are entered as the kernel asks for them.
 * Source: flannel v0.8.0 backend/vxlan/vxlan_network.go.
 */
export function missBackend(
  device: string,
  write: (operation: Operation) => boolean,
  costs: WriteCosts,
): DaemonBackend {
  return {
    eventNs: costs.eventNs,
    begin(event: LeaseEvent) {
      const part = event.lease.v4 ?? event.lease.v6;
      const isOurs = event.lease.backendType === "vxlan" && part?.vtepMac !== undefined;
      const job = {
        costNs: (isOurs ? costs.fdbNs : undefined) as Ns | undefined,
        write(): Ns {
          job.costNs = undefined;
          const verb = event.type === "add" ? "set" : "delete";
          write({ table: "fdb", verb, device, mac: part?.vtepMac ?? "", ip: part?.publicIp ?? "" });
          return 0;
        },
      };
      return job;
    },
  };
}
