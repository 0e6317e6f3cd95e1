/** Keys and list indices from the root of the scenario. */
export type Path = Array<string | number>;

/** Something wrong with a scenario, known by its path; `at: "key"` points at the field's name instead of its value. */
export interface PathProblem {
  path: Path;
  message: string;
  at?: "key" | "value";
  /** Other places that the finding rests on: where one of them is wrong itself, the finding says nothing. */
  because?: Path[];
}

/** Where a problem stands. Without line and column it was given on the command line, by the option `option`. */
export interface Place {
  file: string;
  line?: number;
  column?: number;
  /** The text of that line. */
  sourceLine?: string;
  /** As "--set duration". */
  option?: string;
}

/** One thing wrong, with its place; an empty path means the file as a whole. */
export interface Problem extends Place {
  path: string;
  message: string;
}

/** Finds where the value at a path was written. */
export type Locator = (path: Path, at?: "key" | "value") => Place;

/** Everything that is wrong with a scenario, in the order of the file. */
export class ScenarioErrors extends Error {
  override readonly name = "ScenarioErrors";
  readonly problems: readonly Problem[];
  /** Problems whose place is not known yet. */
  readonly unplaced: readonly PathProblem[];

  constructor(problems: readonly Problem[], unplaced: readonly PathProblem[] = []) {
    super(
      [
        ...problems.map((problem) => formatProblem(problem)),
        ...unplaced.map(({ path, message }) => `${formatPath(path)}: ${message}`),
      ].join("\n"),
    );
    this.problems = problems;
    this.unplaced = unplaced;
  }

  /** Reports problems by path from a place that does not know the file; `located` fills in the positions. */
  static at(problems: readonly PathProblem[]): ScenarioErrors {
    return new ScenarioErrors([], problems);
  }

  /** The same errors with a place for each, in the order of the file; what the command line gave comes last. */
  located(locate: Locator): ScenarioErrors {
    const placed = this.unplaced.map(({ path, message, at }) => ({
      ...locate(path, at),
      path: formatPath(path),
      message,
    }));
    return new ScenarioErrors(inFileOrder([...placed, ...this.problems]));
  }
}

function inFileOrder(problems: Problem[]): Problem[] {
  const files = [...new Set(problems.map((problem) => problem.file))];
  const line = (problem: Problem) => problem.line ?? (problem.option === undefined ? 0 : Infinity);
  return problems.toSorted((a, b) => {
    if (a.file !== b.file) return files.indexOf(a.file) - files.indexOf(b.file);
    if (line(a) !== line(b)) return line(a) < line(b) ? -1 : 1;
    return (a.column ?? 0) - (b.column ?? 0);
  });
}

/** A path as the command line and messages write it: `nodes[0].kernel.hz`, `cgroup.pod["cpu.max"]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[^.[\]"\s]+$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** One problem as a line; with `excerpt`, the line of the file and a caret below it. */
export function formatProblem(problem: Problem, excerpt = false): string {
  const { file, line, column, option, path, message } = problem;
  if (option !== undefined) return `${option}: ${message}`;
  const place = line === undefined ? file : `${file}:${line}:${column ?? 1}`;
  const text = `${path === "" ? `${place}:` : `${place} ${path}:`} ${message}`;
  return excerpt ? text + formatExcerpt(problem) : text;
}

const WIDEST_EXCERPT = 160;

function formatExcerpt({ line, column, sourceLine }: Problem): string {
  if (line === undefined || column === undefined || sourceLine === undefined) return "";
  if (column > WIDEST_EXCERPT) return "";
  const margin = `${line} | `;
  // Tabs stay tabs, so that the caret stands under its character whatever their width.
  const indent = " ".repeat(margin.length) + sourceLine.slice(0, column - 1).replace(/[^\t]/g, " ");
  return `\n${margin}${sourceLine.slice(0, WIDEST_EXCERPT)}\n${indent}^`;
}
