import type { CounterTable } from "../../engine/results/counters.ts";

/** What `ip -s link` shows of one device. */
export class DeviceCounters {
  rxPackets = 0;
  rxBytes = 0;
  rxDropped = 0;
  txPackets = 0;
  txBytes = 0;
  txDropped = 0;

  received(packets: number, bytes: number): void {
    this.rxPackets += packets;
    this.rxBytes += bytes;
  }

  sent(packets: number, bytes: number): void {
    this.txPackets += packets;
    this.txBytes += bytes;
  }

  report(table: CounterTable, object: string): void {
    table.add(object, "rx_packets", this.rxPackets);
    table.add(object, "rx_bytes", this.rxBytes);
    table.add(object, "rx_dropped", this.rxDropped);
    table.add(object, "tx_packets", this.txPackets);
    table.add(object, "tx_bytes", this.txBytes);
    table.add(object, "tx_dropped", this.txDropped);
  }
}
