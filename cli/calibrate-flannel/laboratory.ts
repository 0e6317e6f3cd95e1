import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { CannotMeasure } from "../calibrate-cfs/cannot-measure.ts";

/** How packets of a pod reach the other node. */
export type Mode = "vxlan" | "direct";

/** Packets and bytes that devices counted. */
export interface Counts {
  pod: [packets: number, bytes: number];
  tunnel: [packets: number, bytes: number];
  wire: [packets: number, bytes: number];
}

const POD_MTU = 1450;
const TOOLS: Readonly<Record<string, string>> = {
  ip: "iproute2",
  bridge: "iproute2",
  tc: "iproute2",
  iperf3: "iperf3",
};
const PORT = 5201;

/** What is missing to build the network here; empty if nothing is. */
export function missing(): string[] {
  const found: string[] = [];
  if (process.platform !== "linux") found.push("a Linux kernel");
  if (process.getuid?.() !== 0) found.push("root");
  for (const [tool, parcel] of Object.entries(TOOLS)) {
    if (spawnSync(tool, [tool === "iperf3" ? "--version" : "-V"]).error !== undefined) {
      found.push(`${tool} (package ${parcel})`);
    }
  }
  return found;
}

/**
 * Two nodes with a pod each, joined by a wire, in five namespaces of its own: what flannel's daemons write is written by
 * hand. Everything goes with the namespaces when it is closed.
 */
export class Laboratory {
  readonly #prefix = `kubedes-${process.pid}`;
  readonly #made: string[] = [];
  readonly #children = new Set<ChildProcess>();

  /** Throws CannotMeasure for what the kernel refuses. */
  constructor() {
    try {
      this.#build();
    } catch (error) {
      this.close();
      throw new CannotMeasure(`the kernel refused a step of the network: ${(error as Error).message.trim()}`);
    }
  }

  /** Ends its processes and removes its namespaces; may be called again. */
  close(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    this.#children.clear();
    for (const name of this.#made.splice(0)) spawnSync("ip", ["netns", "del", name]);
  }

  /** What the devices of node A and its pod have counted so far. */
  counts(): Counts {
    return {
      pod: this.#sent("pod-a", "eth0"),
      tunnel: this.#sent("a", "flannel.1"),
      wire: this.#sent("a", "eth0"),
    };
  }

  /** Sends datagrams of one size from pod to pod, DF clear. */
  async datagrams(payload: number, count: number): Promise<void> {
    const script = `
      const socket = require("node:dgram").createSocket("udp4");
      const data = Buffer.alloc(${payload});
      let left = ${count};
      const next = () => left-- > 0 ? socket.send(data, 9, "10.244.1.2", () => setTimeout(next, 1)) : socket.close();
      next();`;
    await this.#run("pod-a", [process.execPath, "-e", script]);
  }

  /** Routes the pods' subnets by flannel.1, or directly by the peer. */
  route(mode: Mode): void {
    for (const [node, peer] of [
      ["a", 1],
      ["b", 0],
    ] as const) {
      const via = mode === "vxlan" ? ["via", `10.244.${peer}.0`, "dev", "flannel.1", "onlink"] : ["via", nodeIp(peer)];
      this.#ip(node, "route", "replace", `10.244.${peer}.0/24`, ...via);
    }
    const mtu = mode === "vxlan" ? POD_MTU : 1500;
    for (const [name, device] of [
      ["a", "cni0"],
      ["a", "pod"],
      ["b", "cni0"],
      ["b", "pod"],
      ["pod-a", "eth0"],
      ["pod-b", "eth0"],
    ]) {
      this.#ip(name, "link", "set", device, "mtu", String(mtu));
    }
  }

  /** Goodput in bit/s of one TCP stream through a shaper of `mbit` on node A's wire. */
  async goodput(mbit: number, seconds: number): Promise<number> {
    const shaper = ["dev", "eth0", "root", "tbf", "rate", `${mbit}mbit`, "burst", "3200", "latency", "50ms"];
    this.#exec("a", "tc", "qdisc", "replace", ...shaper);
    const server = this.#spawn("pod-b", ["iperf3", "-s", "-1", "-p", String(PORT)]);
    await new Promise((resolve) => {
      setTimeout(resolve, 500);
    });
    const client = ["iperf3", "-c", "10.244.1.2", "-p", String(PORT), "-t", String(seconds), "-O", "1", "-J"];
    const answer = JSON.parse(await this.#run("pod-a", client)) as {
      end?: { sum_received?: { bits_per_second: number } };
      error?: string;
    };
    server.kill("SIGKILL");
    this.#exec("a", "tc", "qdisc", "del", "dev", "eth0", "root");
    const rate = answer.end?.sum_received?.bits_per_second;
    if (rate === undefined) throw new CannotMeasure(`iperf3: ${answer.error ?? "no answer"}`);
    return rate;
  }

  #build(): void {
    for (const name of ["wire", "a", "b", "pod-a", "pod-b"]) {
      execFileSync("ip", ["netns", "add", this.#name(name)], { stdio: "pipe" });
      this.#made.push(this.#name(name));
      // Without IPv6 the kernel sends nothing by itself; without discovery sockets leave DF clear.
      this.#set(name, "net/ipv6/conf/all/disable_ipv6", 1);
      this.#set(name, "net/ipv6/conf/default/disable_ipv6", 1);
      this.#ip(name, "link", "set", "lo", "up");
    }
    this.#ip("wire", "link", "add", "br0", "type", "bridge");
    this.#ip("wire", "link", "set", "br0", "up");
    for (const [index, node] of ["a", "b"].entries()) this.#buildNode(node, index);
    const macs = ["a", "b"].map((node) => this.#mac(node));
    for (const [index, node] of ["a", "b"].entries()) {
      const peer = 1 - index;
      this.#ip(node, "neigh", "add", `10.244.${peer}.0`, "lladdr", macs[peer], "dev", "flannel.1", "nud", "permanent");
      const entry = [macs[peer], "dev", "flannel.1", "dst", nodeIp(peer), "self", "permanent"];
      this.#exec(node, "bridge", "fdb", "add", ...entry);
    }
    this.route("vxlan");
  }

  #buildNode(node: string, index: number): void {
    const pod = `pod-${node}`;
    this.#set(node, "net/ipv4/ip_forward", 1);
    this.#set(pod, "net/ipv4/ip_no_pmtu_disc", 1);
    this.#ip("wire", "link", "add", `to-${node}`, "type", "veth", "peer", "name", "eth0", "netns", this.#name(node));
    this.#ip("wire", "link", "set", `to-${node}`, "master", "br0", "up");
    this.#ip(node, "addr", "add", `${nodeIp(index)}/24`, "dev", "eth0");
    this.#ip(node, "link", "set", "eth0", "up");
    this.#ip(node, "link", "add", "cni0", "type", "bridge");
    this.#ip(node, "link", "add", "pod", "type", "veth", "peer", "name", "eth0", "netns", this.#name(pod));
    this.#ip(node, "link", "set", "pod", "master", "cni0", "up");
    this.#ip(node, "addr", "add", `10.244.${index}.1/24`, "dev", "cni0");
    this.#ip(node, "link", "set", "cni0", "up");
    this.#ip(pod, "addr", "add", `10.244.${index}.2/24`, "dev", "eth0");
    this.#ip(pod, "link", "set", "eth0", "up");
    this.#ip(pod, "route", "add", "default", "via", `10.244.${index}.1`);
    const vxlan = ["type", "vxlan", "id", "1", "dev", "eth0", "local", nodeIp(index), "dstport", "8472", "nolearning"];
    this.#ip(node, "link", "add", "flannel.1", "mtu", String(POD_MTU), ...vxlan);
    this.#ip(node, "addr", "add", `10.244.${index}.0/32`, "dev", "flannel.1");
    this.#ip(node, "link", "set", "flannel.1", "up");
  }

  #name(name: string): string {
    return `${this.#prefix}-${name}`;
  }

  #ip(name: string, ...rest: string[]): string {
    return execFileSync("ip", ["-n", this.#name(name), ...rest], { encoding: "utf8", stdio: "pipe" });
  }

  #exec(name: string, ...command: string[]): void {
    execFileSync("ip", ["netns", "exec", this.#name(name), ...command], { stdio: "pipe" });
  }

  #set(name: string, key: string, value: number): void {
    this.#exec(name, "sh", "-c", `[ ! -e /proc/sys/${key} ] || echo ${value} > /proc/sys/${key}`);
  }

  #mac(node: string): string {
    const [link] = JSON.parse(this.#ip(node, "-j", "link", "show", "flannel.1")) as Array<{ address: string }>;
    return link.address;
  }

  #sent(name: string, device: string): [number, number] {
    const [link] = JSON.parse(this.#ip(name, "-s", "-j", "link", "show", device)) as Array<{
      stats64: { tx: { packets: number; bytes: number } };
    }>;
    return [link.stats64.tx.packets, link.stats64.tx.bytes];
  }

  #spawn(name: string, command: string[]): ChildProcess {
    const child = spawn("ip", ["netns", "exec", this.#name(name), ...command], { stdio: ["ignore", "pipe", "pipe"] });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  async #run(name: string, command: string[]): Promise<string> {
    const child = this.#spawn(name, command);
    let output = "";
    child.stdout?.on("data", (data: Buffer) => (output += data.toString()));
    await new Promise((resolve) => {
      child.once("close", resolve);
    });
    return output;
  }
}

function nodeIp(index: number): string {
  return `192.168.77.${index + 1}`;
}
