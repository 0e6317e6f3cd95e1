import { liveNetwork, replayDatagrams, replayTcp } from "../models/flannel/live-replay.ts";
import { CannotMeasure } from "./calibrate-cfs/cannot-measure.ts";
import { Laboratory, missing, type Counts, type Mode } from "./calibrate-flannel/laboratory.ts";

/** One figure, as the kernel has it and as the model has it. */
export interface CalibratedFigure {
  figure: string;
  kernel: number;
  model: number;
}

const SIZES = [1, 64, 512, 1400, 1422, 1423, 1472, 2000, 8000];
const DATAGRAMS = 50;
const SHAPED_MBIT = 100;
const SHAPED_SECONDS = 4;
const BACKENDS = { vxlan: "vxlan", direct: "host-gw" } as const;

/**
 * Builds a network of two nodes and two pods from namespaces on the running kernel, sends datagrams and TCP through it,
 * does the same in the model, and gives both side by side. Throws CannotMeasure where the machine lacks something; the
 * namespaces are gone afterwards, also when SIGINT or SIGTERM ends the program.
 */
export async function calibrateFlannel(say: (text: string) => void): Promise<CalibratedFigure[]> {
  const lacks = missing();
  if (lacks.length > 0) throw new CannotMeasure(`this machine lacks ${lacks.join(", ")}`);
  let laboratory: Laboratory | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    laboratory?.close();
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  try {
    laboratory = new Laboratory();
    return [...(await datagramFigures(laboratory, say)), ...(await goodputFigures(laboratory, say))];
  } finally {
    laboratory?.close();
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
  }
}

async function datagramFigures(laboratory: Laboratory, say: (text: string) => void): Promise<CalibratedFigure[]> {
  const figures: CalibratedFigure[] = [];
  // The first datagram resolves the pod's gateway by ARP, so that no later one does.
  await laboratory.datagrams(1, 1);
  for (const size of SIZES) {
    say(`${DATAGRAMS} datagrams of ${size} bytes`);
    const before = laboratory.counts();
    await laboratory.datagrams(size, DATAGRAMS);
    const after = laboratory.counts();
    const model = replayDatagrams(liveNetwork(), size, DATAGRAMS, "dont");
    const found: Counts = { pod: model.podTx, tunnel: model.tunnelTx, wire: model.wire };
    for (const [device, key] of DEVICES) {
      for (const [index, unit] of UNITS.entries()) {
        figures.push({
          figure: `${size} B: ${unit} per datagram, ${device}`,
          kernel: (after[key][index] - before[key][index]) / DATAGRAMS,
          model: found[key][index] / DATAGRAMS,
        });
      }
    }
  }
  return figures;
}

const DEVICES = [
  ["pod's eth0", "pod"],
  ["flannel.1", "tunnel"],
  ["node's eth0", "wire"],
] as const;
const UNITS = ["packets", "bytes"] as const;

async function goodputFigures(laboratory: Laboratory, say: (text: string) => void): Promise<CalibratedFigure[]> {
  const figures: CalibratedFigure[] = [];
  for (const mode of ["vxlan", "direct"] satisfies Mode[]) {
    say(`TCP through a shaper of ${SHAPED_MBIT} Mbit/s, ${mode}`);
    laboratory.route(mode);
    const kernel = await laboratory.goodput(SHAPED_MBIT, SHAPED_SECONDS);
    const live = liveNetwork({ backend: BACKENDS[mode], shaper: SHAPED_MBIT * 1e6 });
    const model = replayTcp(live, SHAPED_SECONDS).goodput;
    figures.push({ figure: `TCP at ${SHAPED_MBIT} Mbit/s, ${mode}: Mbit/s`, kernel: kernel / 1e6, model: model / 1e6 });
  }
  return figures;
}

/** Kernel and model side by side, with the model's difference in percent of the kernel's figure. */
export function calibrationTable(figures: readonly CalibratedFigure[]): string {
  const rows = figures.map(({ figure, kernel, model }) => [
    figure,
    kernel.toFixed(2),
    model.toFixed(2),
    kernel === 0 ? "" : `${((model / kernel - 1) * 100).toFixed(2)} %`,
  ]);
  const all = [["figure", "kernel", "model", "difference"], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column].length)));
  const line = (row: string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("  ")
      .trimEnd();
  return `${all.map(line).join("\n")}\n`;
}
