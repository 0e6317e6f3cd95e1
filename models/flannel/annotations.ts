/** The keys of the node annotations that the kube manager reads and writes. */
export interface AnnotationKeys {
  readonly kubeSubnetManager: string;
  readonly backendType: string;
  readonly backendData: string;
  readonly backendV6Data: string;
  readonly publicIp: string;
  readonly publicIpv6: string;
  readonly nodePublicIp: string;
  readonly nodePublicIpv6: string;
  readonly publicIpOverwrite: string;
  readonly publicIpv6Overwrite: string;
  /** Where the stored MAC is looked for: always after a slash, whatever the prefix. */
  readonly storedBackendData: string;
  readonly storedBackendV6Data: string;
}

export const DEFAULT_ANNOTATION_PREFIX = "flannel.alpha.coreos.com";

/**
 * The annotation keys of a prefix, or undefined where the daemon refuses it (rule R7): a domain of at least two labels,
 * at most one slash, lower case. With a prefix that has a path, the key under which the MAC is written differs from the
 * one under which it is read back, so it is never reused.
 * Source: flannel v0.28.9 pkg/subnet/kube/annotations.go newAnnotations; pkg/subnet/kube/kube.go GetStoredMacAddresses.
 */
export function annotationKeys(prefix: string): AnnotationKeys | undefined {
  const slashes = prefix.split("/").length - 1;
  if (slashes > 1) return undefined;
  let head = slashes === 0 ? `${prefix}/` : prefix;
  if (!head.endsWith("/") && !head.endsWith("-")) head += "-";
  // Not anchored at the start, as upstream: what stands before the last suitable domain is not looked at.
  if (!/(?:[a-z0-9_-]+\.)+[a-z0-9_-]+\/(?:[a-z0-9_-]+-)?$/.test(head)) return undefined;
  return {
    kubeSubnetManager: `${head}kube-subnet-manager`,
    backendType: `${head}backend-type`,
    backendData: `${head}backend-data`,
    backendV6Data: `${head}backend-v6-data`,
    publicIp: `${head}public-ip`,
    publicIpv6: `${head}public-ipv6`,
    nodePublicIp: `${head}node-public-ip`,
    nodePublicIpv6: `${head}node-public-ipv6`,
    publicIpOverwrite: `${head}public-ip-overwrite`,
    publicIpv6Overwrite: `${head}public-ipv6-overwrite`,
    storedBackendData: `${prefix}/backend-data`,
    storedBackendV6Data: `${prefix}/backend-v6-data`,
  };
}
