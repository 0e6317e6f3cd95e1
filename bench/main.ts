import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import type { BenchCase } from "./case.ts";
import { FULL, measure, QUICK, type Measurement } from "./measure.ts";
import { figure, redraw } from "./table.ts";

const HELP = `Measures the speed of the engine and of the models.

  npm run bench -- [--quick] [--only PREFIX] [--json] [--redraw]`;

const options = yargs(hideBin(process.argv))
  .scriptName("bench")
  .usage(HELP)
  .option("quick", { type: "boolean", default: false, describe: "three short rounds, without the slow peers" })
  .option("only", { type: "string", default: "", describe: "only cases whose name begins so" })
  .option("json", { type: "boolean", default: false, describe: "print an array of {name, opsPerSecond, rme, ratioTo}" })
  .option("redraw", {
    type: "boolean",
    default: false,
    describe: "write the figures into the table of bench/README.md",
  })
  .option("here", { type: "string", hidden: true, describe: "measure the case of this name in this process" })
  .strict()
  .parseSync();

const effort = options.quick ? QUICK : FULL;
const all = await allCases();

if (options.here === undefined) measureAll();
else {
  const benchCase = all.find(({ name }) => name === options.here);
  if (benchCase === undefined) throw new Error(`no benchmark "${options.here}"`);
  process.stdout.write(JSON.stringify(measure(benchCase, effort)));
}

function measureAll(): void {
  const cases = all.filter(({ name }) => name.startsWith(options.only));
  if (cases.length === 0) {
    process.stderr.write(`no benchmark begins with "${options.only}"\n`);
    process.exitCode = 2;
    return;
  }
  const measurements: Measurement[] = [];
  for (const benchCase of cases) {
    process.stderr.write(`${benchCase.name} ...\n`);
    const measurement = measureApart(benchCase);
    measurements.push(measurement);
    if (!options.json) process.stdout.write(`${line(benchCase, measurement)}\n`);
  }
  if (options.redraw) redraw(cases, measurements);
  if (options.json) process.stdout.write(`${JSON.stringify(measurements, undefined, 2)}\n`);
}

/** In a process of its own, so that no case runs code that the compiler has fitted to another. */
function measureApart({ name }: BenchCase): Measurement {
  const self = [...process.execArgv, process.argv[1], "--here", name, ...(options.quick ? ["--quick"] : [])];
  const ran = spawnSync(process.execPath, self, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (ran.status !== 0) throw new Error(`the benchmark ${name} failed`);
  return JSON.parse(ran.stdout) as Measurement;
}

/** The cases of all `*.bench` files beside this one, by name of file and then in their order. */
async function allCases(): Promise<BenchCase[]> {
  const folder = new URL(".", import.meta.url);
  const files = readdirSync(fileURLToPath(folder)).filter((name) => /\.bench\.[jt]s$/.test(name));
  const modules = await Promise.all(
    files.toSorted().map((name) => import(new URL(name, folder).href) as Promise<{ cases: BenchCase[] }>),
  );
  return modules.flatMap((module) => module.cases);
}

function line({ name, unit }: BenchCase, { opsPerSecond, rme, ratioTo }: Measurement): string {
  const ratios = Object.entries(ratioTo).map(([peer, ratio]) => `${ratio.toFixed(2)} x ${peer}`);
  return [name.padEnd(24), `${figure(opsPerSecond)} ${unit}/s`.padEnd(36), `±${rme.toFixed(1)} %`.padEnd(9), ...ratios]
    .join("  ")
    .trimEnd();
}
