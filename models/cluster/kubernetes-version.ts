/** The minor version of a Kubernetes version: 34 of "1.34" or "v1.34.2". Throws RangeError for another text. */
export function kubernetesMinor(version: string): number {
  const match = /^v?1\.([0-9]+)(?:\.[0-9]+)?$/.exec(version);
  if (match === null) throw new RangeError(`"${version}" is not a Kubernetes version; expected a text such as "1.34"`);
  return Number(match[1]);
}
