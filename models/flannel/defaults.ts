import { NS_PER_MS, NS_PER_SECOND, type Ns } from "../../engine/time.ts";

/** The constants of flannel and of the kernel that the rules use, each with its source. */

// Source: flannel v0.28.9 pkg/backend/vxlan/vxlan.go defaultVNI.
export const DEFAULT_VNI = 1;
// Source: flannel v0.28.9 pkg/backend/vxlan/vxlan.go Port 0; linux drivers/net/vxlan/vxlan_core.c vxlan_port.
export const DEFAULT_VXLAN_PORT = 8472;
// Source: flannel v0.28.9 pkg/backend/udp/udp_amd64.go defaultPort.
export const DEFAULT_UDP_PORT = 8285;
// Source: flannel v0.28.9 main.go, flag subnet-lease-renew-margin; accepted: 1 to 1439.
export const DEFAULT_RENEW_MARGIN_MINUTES = 60;
// Source: flannel v0.28.9 pkg/subnet/etcd/local_manager.go subnetTTL.
export const SUBNET_TTL_HOURS = 24;
// Source: flannel v0.28.9 pkg/subnet/etcd/local_manager.go CompleteLease.
export const RENEW_RETRY_NS: Ns = 60 * NS_PER_SECOND;
// Source: flannel v0.28.9 pkg/subnet/etcd/local_manager.go raceRetries.
export const RACE_RETRIES = 10;
// Source: flannel v0.28.9 pkg/subnet/etcd/local_manager.go allocateSubnet.
export const MAX_CANDIDATES = 100;
// Source: flannel v0.28.9 pkg/subnet/kube/kube.go AcquireLease: the node in the cache, then the patch accepted.
export const ACQUIRE_POLL_NS: Ns = 3 * NS_PER_SECOND;
export const ACQUIRE_TIMEOUT_NS: Ns = 30 * NS_PER_SECOND;
// Source: avast/retry-go v4.7.0 newDefaultRetryConfig, as flannel v0.28.9 pkg/retry/retry.go uses it.
export const RETRY_ATTEMPTS = 10;
export const RETRY_DELAY_NS: Ns = 100 * NS_PER_MS;
export const RETRY_JITTER_NS: Ns = 100 * NS_PER_MS;
// Source: flannel v0.28.9 pkg/backend/route_network.go routeCheckRetries.
export const ROUTE_CHECK_NS: Ns = 10 * NS_PER_SECOND;
// Source: flannel v0.28.9 main.go, flag iptables-resync.
export const IPTABLES_RESYNC_NS: Ns = 5 * NS_PER_SECOND;
// Source: flannel v0.28.9 pkg/backend/vxlan/vxlan_network.go reCreateVxlan: the wait doubles from the first to the second.
export const RECREATE_BACKOFF_MIN_NS: Ns = NS_PER_SECOND;
export const RECREATE_BACKOFF_MAX_NS: Ns = 30 * NS_PER_SECOND;
// Source: flannel v0.28.9 pkg/trafficmngr/trafficmngr.go KubeProxyMark, value and mask.
export const KUBE_PROXY_MARK = 0x4000;
// Source: linux net/core/neighbour.c, neigh_table defaults of arp_tbl: QUEUE_LEN_BYTES = SK_WMEM_MAX.
export const NEIGHBOUR_QUEUE_BYTES = 212_992;
// Source: linux net/ipv4/arp.c arp_tbl: MCAST_PROBES 3, RETRANS_TIME 1 s.
export const NEIGHBOUR_PROBES = 3;
export const NEIGHBOUR_PROBE_INTERVAL_NS: Ns = NS_PER_SECOND;
// Source: linux net/ipv4/inetpeer.c XRLIM_BURST_FACTOR: errors that one peer gets at once.
export const ICMP_BURST = 6;
// Source: linux net/ipv4/route.c ip_rt_error_burst, 5 s at ip_rt_error_cost 1 s.
export const ROUTE_ERROR_BURST = 5;
// Source: linux net/ipv4/inet_connection_sock.c ip_local_port_range.
export const LOCAL_PORT_MIN = 32_768;
export const LOCAL_PORT_MAX = 60_999;
// Measured on linux 6.18 with batches of 3,000 peers, per entry.
export const NEIGHBOUR_WRITE_NS: Ns = 10_100;
export const FDB_WRITE_NS: Ns = 9_000;
export const ROUTE_WRITE_NS: Ns = 49_100;
// What decoding and logging add to make the 70 us that a peer costs in all; an estimate.
export const EVENT_LOG_NS: Ns = 1_800;
/** What one peer costs a new node, in microseconds: the sum of the above. */
export const PEER_PROGRAMMING_US = 70;
