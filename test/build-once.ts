import { spawnSync } from "node:child_process";

/** Builds dist/ once before the tests, because the command-line tests run the built program. */
export default function setup(): void {
  const built = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
    stdio: "inherit",
  });
  if (built.status !== 0) throw new Error("the build before the tests failed");
}
