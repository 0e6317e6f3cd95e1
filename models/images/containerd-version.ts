/** Whether containerd `version` ("2.1" or "v2.1.4") is `major.minor` or newer. Throws RangeError for another text. */
export function containerdAtLeast(version: string, major: number, minor: number): boolean {
  const match = /^v?([0-9]+)\.([0-9]+)(?:\.[0-9]+)?$/.exec(version);
  if (match === null) throw new RangeError(`"${version}" is not a containerd version; expected a text such as "2.1"`);
  const found = Number(match[1]);
  return found > major || (found === major && Number(match[2]) >= minor);
}
