import { END_OF_TIME, NS_PER_SECOND } from "../../engine/index.ts";
import { summaryRows } from "../../engine/results/summary.ts";
import { compose, type Composition } from "../compose.ts";
import { loadScenario } from "../scenario.ts";

/** A scenario under test: composed, and run as far as asked. */
export interface Play extends Composition {
  /** Runs on until this second, its events included. */
  until(seconds: number): Play;
  /** `<second> <object> <reason>` of all events so far, or of those about one object; without the object then. */
  events(object?: string): string[];
  /** The second of every event of this reason about the object. */
  times(object: string, reason: string): number[];
  message(object: string, reason: string): string | undefined;
}

const NODE = "nodes: [{name: worker, capacity: {cpu: 4, memory: 16Gi}, kernel: {phases: zero}}]\n";

/** Composes a scenario of these sections; one node, with all its phases 0, if the text has none. */
export function play(text: string): Play {
  const head = "metadata: {name: test}\nduration: 1h\n";
  const nodes = /^nodes:/m.test(text) ? "" : NODE;
  const { scenario } = loadScenario({ text: head + nodes + text, name: "s.yaml", dir: "/" });
  const composition = compose(scenario, { check: true });
  const { simulation, outputs } = composition;
  const { entries } = outputs.events;
  const played: Play = {
    ...composition,
    until: (seconds) => {
      simulation.runUntil(Math.min(seconds * NS_PER_SECOND + 1, END_OF_TIME));
      return played;
    },
    events: (object) =>
      entries
        .filter((event) => object === undefined || event.object === object)
        .map(({ at, object: about, reason }) =>
          object === undefined ? `${at / NS_PER_SECOND} ${about} ${reason}` : `${at / NS_PER_SECOND} ${reason}`,
        ),
    times: (object, reason) =>
      entries.filter((event) => event.object === object && event.reason === reason).map(({ at }) => at / NS_PER_SECOND),
    message: (object, reason) => entries.find((event) => event.object === object && event.reason === reason)?.message,
  };
  return played;
}

/** One row of the summary. */
export function summaryOf({ outputs }: Composition, source: string) {
  return summaryRows(outputs.recorder).find((row) => row.source === source);
}
