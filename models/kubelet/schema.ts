import type { Ns } from "../../engine/time.ts";

/** What a node holds back from its pods: CPU in thousandths, the rest in bytes or processes. */
export interface Reserved {
  cpu?: number;
  memory?: number;
  "ephemeral-storage"?: number;
  pid?: number;
}

/** The KubeletConfiguration of one node, defaults filled in. */
export interface KubeletSection {
  cpuCFSQuota: boolean;
  cpuCFSQuotaPeriod: Ns;
  /** As given: gates that are not named here have the default of the Kubernetes version. */
  featureGates: Record<string, boolean>;
  cpuManagerPolicy: "none" | "static";
  cpuManagerPolicyOptions: Record<string, string>;
  /** CPU numbers, ascending. */
  reservedSystemCPUs?: number[];
  kubeReserved: Reserved;
  systemReserved: Reserved;
}
