import { existsSync, readFileSync } from "node:fs";

/** The version of the public behaviour: scenario in, files out. */
export const CONTRACT_VERSION = "1";

/** The version of the package, from its package.json: above the sources, and one further above what is built of them. */
export function packageVersion(): string {
  const above = ["../../package.json", "../../../package.json"].map((path) => new URL(path, import.meta.url));
  const url = above.find((candidate) => existsSync(candidate));
  if (url === undefined) throw new Error("the package's package.json is missing; install it again");
  return (JSON.parse(readFileSync(url, "utf8")) as { version: string }).version;
}
