/** Feature gates as a configuration gives them, by name. */
export type Gates = Readonly<Record<string, boolean>>;

/**
 * Since which minor version 1.x a gate is alpha, beta and stable. Of those that the models ask about, alpha ones are off,
 * beta ones on, and stable ones on for good.
 */
interface Stages {
  alpha?: number;
  beta?: number;
  stable?: number;
}

/** The gates on which a rule of the models rests. Source: kubernetes v1.35 pkg/features/kube_features.go. */
const STAGES = {
  CPUManagerPolicyAlphaOptions: { alpha: 23 },
  CPUManagerPolicyBetaOptions: { beta: 23 },
  CustomCPUCFSQuotaPeriod: { alpha: 12 },
  DisableCPUQuotaWithExclusiveCPUs: { beta: 33 },
  ImageMaximumGCAge: { alpha: 29, beta: 30, stable: 35 },
  KubeletCrashLoopBackOffMax: { alpha: 32, beta: 35 },
  KubeletEnsureSecretPulledImages: { alpha: 33, beta: 35 },
  KubeletSeparateDiskGC: { alpha: 29, beta: 31 },
  MemoryQoS: { alpha: 22, beta: 37 },
  ReduceDefaultCrashLoopBackOffDecay: { alpha: 33 },
} as const satisfies Record<string, Stages>;

/** A gate on which a rule of the models rests. */
export type ModelGate = keyof typeof STAGES;

/**
 * Whether a gate is on in a kubelet of version 1.`minor` (Infinity: the newest): as the configuration says, else as it says
 * of all gates of that stage, else by the stage's default. A gate that the version does not have yet is off.
 * Source: kubernetes v1.34 staging/src/k8s.io/component-base/featuregate/feature_gate.go, SetFromMap, setUnsetAlphaGates,
 * setUnsetBetaGates.
 */
export function isGateOn(gate: ModelGate, gates: Gates, minor: number): boolean {
  const { alpha = Infinity, beta = Infinity, stable = Infinity }: Stages = STAGES[gate];
  if (reaches(minor, stable)) return true;
  if (reaches(minor, beta)) return gates[gate] ?? gates["AllBeta"] ?? true;
  return reaches(minor, alpha) && (gates[gate] ?? gates["AllAlpha"] ?? false);
}

/**
 * Why a kubelet of version 1.`minor` (Infinity: the newest) refuses a gate's setting; undefined if it takes it. A gate that
 * is stable cannot be switched off. Source: as above, SetFromMap, LockToDefault.
 */
export function refuseGate(gate: string, value: boolean, minor: number): string | undefined {
  if (!Object.hasOwn(STAGES, gate)) return undefined;
  const { alpha, beta, stable = Infinity }: Stages = STAGES[gate as ModelGate];
  const since = alpha ?? beta ?? stable;
  if (!reaches(minor, since)) return `the kubelet knows this feature gate from 1.${since} on`;
  if (!value && reaches(minor, stable)) return `found false; the feature gate is locked to true from 1.${stable} on`;
  return undefined;
}

/** Whether a version has come to a stage; an absent stage is Infinity, to which not even the newest comes. */
function reaches(minor: number, since: number): boolean {
  return since !== Infinity && minor >= since;
}

/**
 * Feature gates that a kubelet knows: its own, and those of the other components, since all share one list. A name that is
 * not here is refused, as the kubelet refuses what it does not know.
 *
 * Simplified: the list is that of recent versions together; but for the gates on which a rule of the models rests, one that
 * a version has and another lacks is accepted by both.
 *
 * Source: kubernetes v1.35 pkg/features/kube_features.go, staging/src/k8s.io/component-base/logs/api/v1/kube_features.go,
 * staging/src/k8s.io/client-go/features/known_features.go
 */
export const FEATURE_GATES: readonly string[] = `
  APIResponseCompression APIServerIdentity APIServerTracing APIServingWithRoutine AggregatedDiscoveryRemoveBetaType
  AllAlpha AllBeta AllowDNSOnlyNodeCSR AllowInsecureKubeletCertificateSigningRequests
  AllowOverwriteTerminationGracePeriodSeconds AllowParsingUserUIDFromCertAuth AllowUnsafeMalformedObjectDeletion
  AnonymousAuthConfigurableEndpoints AnyVolumeDataSource AppArmor AppArmorFields AuthorizeNodeWithSelectors
  AuthorizePodWebsocketUpgradeCreatePermission AuthorizeWithSelectors BtreeWatchCache CBORServingAndStorage
  CPUManager CPUManagerPolicyAlphaOptions CPUManagerPolicyBetaOptions CPUManagerPolicyOptions
  CRDObservedGenerationTracking CRDValidationRatcheting CSIMigrationPortworx CSIServiceAccountTokenSecrets
  CSIVolumeHealth ChangeContainerStatusOnKubeletRestart ClearingNominatedNodeNameAfterBinding ClientsAllowCBOR
  ClientsPreferCBOR CloudControllerManagerWatchBasedRoutesReconciliation CloudControllerManagerWebhook
  ClusterTrustBundle ClusterTrustBundleProjection ComponentFlagz ComponentStatusz ConcurrentWatchObjectDecode
  ConsistentListFromCache ConstrainedImpersonation ContainerCheckpoint ContainerRestartRules ContainerStopSignals
  ContextualLogging CoordinatedLeaderElection CrossNamespaceVolumeDataSource CustomCPUCFSQuotaPeriod
  CustomResourceFieldSelectors DRAAdminAccess DRAConsumableCapacity DRADeviceBindingConditions DRADeviceTaintRules
  DRADeviceTaints DRAExtendedResource DRAPartitionableDevices DRAPrioritizedList DRAResourceClaimDeviceStatus
  DRASchedulerFilterTimeout DeclarativeValidation DeclarativeValidationTakeover
  DeploymentReplicaSetTerminatingReplicas DetectCacheInconsistency DevicePluginCDIDevices DisableAllocatorDualWrite
  DisableCPUQuotaWithExclusiveCPUs DisableNodeKubeProxyVersion DynamicResourceAllocation EnvFiles EventedPLEG
  ExecProbeTimeout ExternalServiceAccountTokenSigner GangScheduling GenericWorkload GitRepoVolumeDriver
  GracefulNodeShutdown GracefulNodeShutdownBasedOnPodPriority HPAConfigurableTolerance HPAScaleToZero
  HonorPVReclaimPolicy HostnameOverride ImageMaximumGCAge ImageVolume ImageVolumeWithDigest InOrderInformers
  InPlacePodLevelResourcesVerticalScaling InPlacePodVerticalScaling InPlacePodVerticalScalingAllocatedStatus
  InPlacePodVerticalScalingExclusiveCPUs InPlacePodVerticalScalingExclusiveMemory InTreePluginPortworxUnregister
  InformerResourceVersion JobBackoffLimitPerIndex JobManagedBy JobPodReplacementPolicy JobSuccessPolicy KMSv1
  KubeletCgroupDriverFromCRI KubeletCrashLoopBackOffMax KubeletEnsureSecretPulledImages KubeletFineGrainedAuthz
  KubeletInUserNamespace KubeletPSI KubeletPodResourcesDynamicResources KubeletPodResourcesGet
  KubeletPodResourcesListUseActivePods KubeletRegistrationGetOnExistsOnly KubeletSeparateDiskGC
  KubeletServiceAccountTokenForCredentialProviders KubeletTracing ListFromCacheSnapshot LocalStorageCapacityIsolation
  LocalStorageCapacityIsolationFSQuotaMonitoring LogarithmicScaleDown LoggingAlphaOptions LoggingBetaOptions
  MatchLabelKeysInPodAffinity MatchLabelKeysInPodTopologySpread MatchLabelKeysInPodTopologySpreadSelectorMerge
  MaxUnavailableStatefulSet MemoryManager MemoryQoS MultiCIDRServiceAllocator MutableCSINodeAllocatableCount
  MutablePVNodeAffinity MutablePodResourcesForSuspendedJobs MutableSchedulingDirectivesForSuspendedJobs
  MutatingAdmissionPolicy NFTablesProxyMode NodeDeclaredFeatures NodeInclusionPolicyInPodTopologySpread NodeLogQuery
  NodeSwap NominatedNodeNameForExpectation OpenAPIEnums OpportunisticBatching OrderedNamespaceDeletion
  PodAndContainerStatsFromCRI PodCertificateRequest PodDeletionCost PodHostIPs PodLevelResources
  PodLifecycleSleepAction PodLifecycleSleepActionAllowZero PodLogsQuerySplitStreams PodObservedGenerationTracking
  PodReadyToStartContainersCondition PodSchedulingReadiness PodTopologyLabelsAdmission PortForwardWebsockets
  PreferSameTrafficDistribution PreventStaticPodAPIReferences ProcMountType QOSReserved RecoverVolumeExpansionFailure
  RecursiveReadOnlyMounts ReduceDefaultCrashLoopBackOffDecay RelaxedDNSSearchValidation
  RelaxedEnvironmentVariableValidation RelaxedServiceNameValidation ReloadKubeletServerCertificateFile
  RemoteRequestHeaderUID ResilientWatchCacheInitialization ResourceHealthStatus RestartAllContainersOnContainerExits
  RetryGenerateName RotateKubeletServerCertificate RuntimeClassInImageCriApi SELinuxChangePolicy SELinuxMount
  SELinuxMountReadWriteOncePod SchedulerAsyncAPICalls SchedulerAsyncPreemption SchedulerPopFromBackoffQ
  SchedulerQueueingHints SeparateCacheWatchRPC SeparateTaintEvictionController ServiceAccountNodeAudienceRestriction
  ServiceAccountTokenJTI ServiceAccountTokenNodeBinding ServiceAccountTokenNodeBindingValidation
  ServiceAccountTokenPodNodeInfo ServiceTrafficDistribution SidecarContainers SizeBasedListCostEstimate
  SizeMemoryBackedVolumes StatefulSetSemanticRevisionComparison StorageCapacityScoring StorageNamespaceIndex
  StorageVersionAPI StorageVersionHash StorageVersionMigrator StreamingCollectionEncodingToJSON
  StreamingCollectionEncodingToProtobuf StrictIPCIDRValidation StructuredAuthenticationConfiguration
  StructuredAuthenticationConfigurationEgressSelector StructuredAuthenticationConfigurationJWKSMetrics
  StructuredAuthorizationConfiguration SupplementalGroupsPolicy SystemdWatchdog TaintTolerationComparisonOperators
  TokenRequestServiceAccountUIDValidation TopologyAwareHints TopologyManagerPolicyAlphaOptions
  TopologyManagerPolicyBetaOptions TopologyManagerPolicyOptions TranslateStreamCloseWebsocketRequests
  UnauthenticatedHTTP2DOSMitigation UnknownVersionInteroperabilityProxy UserNamespacesHostNetworkSupport
  UserNamespacesPodSecurityStandards UserNamespacesSupport VolumeAttributesClass VolumeLimitScaling
  WatchCacheInitializationPostStartHook WatchFromStorageWithoutResourceVersion WatchList WatchListClient WinDSR
  WinOverlay WindowsCPUAndMemoryAffinity WindowsGracefulNodeShutdown WindowsHostNetwork
`
  .trim()
  .split(/\s+/);
