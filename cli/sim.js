#!/usr/bin/env node
// The `sim` command: plain JavaScript, so that Node 20 can start it, and a clear word when the build is missing.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (existsSync(fileURLToPath(main))) {
  const { run } = await import(main.href);
  await run(process.argv.slice(2));
} else {
  process.stderr.write("sim: the program has not been built yet; run `npm run build` in its folder first\n");
  process.exitCode = 1;
}
