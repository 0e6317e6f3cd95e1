import { describe, expect, it } from "vitest";
import { refusalOf } from "../../engine/scenario/shape.ts";
import { kubeletSchema } from "./schema.ts";

/** The fields of KubeletConfiguration. Source: kubernetes v1.34 staging/src/k8s.io/kubelet/config/v1beta1/types.go. */
const FIELDS = `
  apiVersion kind enableServer staticPodPath podLogsDir syncFrequency fileCheckFrequency httpCheckFrequency staticPodURL
  staticPodURLHeader address port readOnlyPort tlsCertFile tlsPrivateKeyFile tlsCipherSuites tlsMinVersion rotateCertificates
  serverTLSBootstrap authentication authorization registryPullQPS registryBurst imagePullCredentialsVerificationPolicy
  preloadedImagesVerificationAllowlist eventRecordQPS eventBurst enableDebuggingHandlers enableContentionProfiling healthzPort
  healthzBindAddress oomScoreAdj clusterDomain clusterDNS streamingConnectionIdleTimeout nodeStatusUpdateFrequency
  nodeStatusReportFrequency nodeLeaseDurationSeconds imageMinimumGCAge imageMaximumGCAge imageGCHighThresholdPercent
  imageGCLowThresholdPercent volumeStatsAggPeriod kubeletCgroups systemCgroups cgroupRoot cgroupsPerQOS cgroupDriver
  cpuManagerPolicy singleProcessOOMKill cpuManagerPolicyOptions cpuManagerReconcilePeriod memoryManagerPolicy
  topologyManagerPolicy topologyManagerScope topologyManagerPolicyOptions qosReserved runtimeRequestTimeout hairpinMode maxPods
  podCIDR podPidsLimit resolvConf runOnce cpuCFSQuota cpuCFSQuotaPeriod nodeStatusMaxImages maxOpenFiles contentType kubeAPIQPS
  kubeAPIBurst serializeImagePulls maxParallelImagePulls evictionHard evictionSoft evictionSoftGracePeriod
  evictionPressureTransitionPeriod evictionMaxPodGracePeriod evictionMinimumReclaim mergeDefaultEvictionSettings podsPerCore
  enableControllerAttachDetach protectKernelDefaults makeIPTablesUtilChains iptablesMasqueradeBit iptablesDropBit featureGates
  failSwapOn memorySwap containerLogMaxSize containerLogMaxFiles containerLogMaxWorkers containerLogMonitorInterval
  configMapAndSecretChangeDetectionStrategy systemReserved kubeReserved reservedSystemCPUs showHiddenMetricsForVersion
  systemReservedCgroup kubeReservedCgroup enforceNodeAllocatable allowedUnsafeSysctls volumePluginDir providerID
  kernelMemcgNotification logging enableSystemLogHandler enableSystemLogQuery shutdownGracePeriod
  shutdownGracePeriodCriticalPods shutdownGracePeriodByPodPriority crashLoopBackOff reservedMemory enableProfilingHandler
  enableDebugFlagsHandler seccompDefault memoryThrottlingFactor registerWithTaints registerNode tracing
  localStorageCapacityIsolation containerRuntimeEndpoint imageServiceEndpoint failCgroupV1 userNamespaces`
  .trim()
  .split(/\s+/);

/** Whether the schema has the field. */
function known(field: string): boolean {
  const { error } = kubeletSchema.safeParse({ [field]: null });
  return error?.issues.some(({ code }) => code === "unrecognized_keys") !== true;
}

describe("a KubeletConfiguration", () => {
  it("may name every field of v1.34: what is not taken is refused with its reason", () => {
    expect(FIELDS.filter((field) => !known(field) && refusalOf(kubeletSchema, field) === undefined)).toEqual([]);
    expect([known("evictionHrad"), refusalOf(kubeletSchema, "evictionHrad")]).toEqual([false, undefined]);
  });

  it("is refused where a field would change results and no model plays it", () => {
    expect([known("qosReserved"), known("failSwapOn")]).toEqual([false, true]);
    expect(refusalOf(kubeletSchema, "qosReserved")).toMatch(/no model/);
  });
});
