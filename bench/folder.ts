import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder bench/ of the sources, also for the built program in dist/bench/. Throws Error if the sources are not there. */
export function benchFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = [here, join(here, "..", "..", "bench")].find((folder) => existsSync(join(folder, "README.md")));
  if (found === undefined) throw new Error("the sources of the benchmarks are not beside the built program");
  return found;
}
