/**
 * Flannel: which subnet a node gets, what its daemon writes into the kernel for every peer, and what the kernel makes of
 * packets with it. The rules are pure functions and small tables, usable as a library; README.md numbers them, names
 * their sources and says what is left out and how large the error of that is.
 */
export * from "./annotations.ts";
export * from "./backends.ts";
export * from "./closed-forms.ts";
export * from "./cni.ts";
export * from "./defaults.ts";
export * from "./encapsulation.ts";
export * from "./etcd-lease.ts";
export * from "./fragmentation.ts";
export * from "./host-local.ts";
export * from "./ip.ts";
export * from "./kernel-tables.ts";
export * from "./kube-lease.ts";
export * from "./lease.ts";
export * from "./lease-life.ts";
export * from "./mac.ts";
export * from "./masquerade.ts";
export * from "./mtu.ts";
export * from "./neighbour-queue.ts";
export * from "./net-conf.ts";
export * from "./peer-plan.ts";
export * from "./retry.ts";
export * from "./route-network.ts";
export * from "./source-port.ts";
export * from "./subnet-env.ts";
export * from "./subnet-key.ts";
export * from "./subnet-range.ts";
export * from "./udp-proxy.ts";
export * from "./vxlan-device.ts";
export * from "./daemon.ts";
export * from "./icmp-limiter.ts";
export * from "./link.ts";
export * from "./neighbour.ts";
export * from "./packed-store.ts";
export * from "./server.ts";
export * from "./bulk-flow.ts";
export * from "./compose-flannel.ts";
export * from "./costs.ts";
export * from "./flannel-node.ts";
export * from "./flow-schema.ts";
export * from "./network.ts";
export * from "./node-path.ts";
export * from "./packet.ts";
export * from "./path-conf.ts";
export * from "./connection.ts";
export * from "./request-network.ts";
export * from "./schema.ts";
export * from "./section.ts";
export * from "./switch-port.ts";
export * from "./tcp.ts";
export * from "./timeline-schema.ts";
export * from "./udp-flow.ts";
