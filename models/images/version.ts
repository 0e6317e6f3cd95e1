/** The minor version of a Kubernetes version: 34 of "1.34" or "v1.34.2". Throws RangeError for another text. */
export function kubernetesMinor(version: string): number {
  const match = /^v?1\.([0-9]+)(?:\.[0-9]+)?$/.exec(version);
  if (match === null) throw new RangeError(`"${version}" is not a Kubernetes version; expected a text such as "1.34"`);
  return Number(match[1]);
}

/** Whether containerd `version` ("2.1" or "v2.1.4") is `major.minor` or newer. Throws RangeError for another text. */
export function containerdAtLeast(version: string, major: number, minor: number): boolean {
  const match = /^v?([0-9]+)\.([0-9]+)(?:\.[0-9]+)?$/.exec(version);
  if (match === null) throw new RangeError(`"${version}" is not a containerd version; expected a text such as "2.1"`);
  const found = Number(match[1]);
  return found > major || (found === major && Number(match[2]) >= minor);
}
