import { ScenarioErrors, formatPath, type Path, type Problem } from "../engine/scenario/errors.ts";
import { readYamlValue } from "../engine/scenario/document.ts";
import { PathError, resolvePath, withValueAt } from "../engine/scenario/paths.ts";
import type { Schema } from "../engine/scenario/shape.ts";

/** What the command line puts in place of the file's values: texts, as they were typed. */
export interface Overrides {
  /** Items of the form PATH=VALUE, VALUE in YAML; later ones win. */
  set?: readonly string[];
  seed?: string;
  duration?: string;
}

/** One value of the command line: the option as messages name it, and what it sets. */
interface Setting {
  option: string;
  path: string;
  value: string;
}

/** The data with the command line's values in it, and where those are. */
export interface Overridden {
  data: Record<string, unknown>;
  /** The option that set the value at a path, or something above it; undefined where the file did. */
  optionAt(path: Path): string | undefined;
}

/** Applies the overrides in the order: --set, --seed, --duration. Throws ScenarioErrors. */
export function applyOverrides(
  schema: Schema,
  data: Record<string, unknown>,
  overrides: Overrides,
  file: string,
): Overridden {
  const problems: Problem[] = [];
  const applied: Array<{ option: string; path: Path }> = [];
  let result = data;
  const refuse = (option: string, message: string) => problems.push({ file, option, path: "", message });
  for (const setting of settingsOf(overrides, refuse)) {
    try {
      const { path } = resolvePath(schema, result, setting.path, true);
      result = withValueAt(result, path, readYamlValue(setting.value, setting.option)) as Record<string, unknown>;
      applied.push({ option: setting.option, path });
    } catch (error) {
      if (error instanceof PathError) refuse(setting.option, error.message);
      else if (error instanceof ScenarioErrors)
        for (const { message } of error.problems) refuse(setting.option, message);
      else throw error;
    }
  }
  if (problems.length > 0) throw new ScenarioErrors(problems);
  return { data: result, optionAt: (path) => optionAt(applied, path) };
}

function settingsOf(
  { set = [], seed, duration }: Overrides,
  refuse: (option: string, message: string) => void,
): Setting[] {
  const settings: Setting[] = [];
  for (const item of set) {
    const equals = item.indexOf("=");
    if (equals <= 0) refuse(`--set ${item}`, "allowed: PATH=VALUE, such as nodes.worker.capacity.cpu=8");
    else
      settings.push({
        option: `--set ${item.slice(0, equals)}`,
        path: item.slice(0, equals),
        value: item.slice(equals + 1),
      });
  }
  if (seed !== undefined) settings.push({ option: "--seed", path: "seed", value: seed });
  if (duration !== undefined) settings.push({ option: "--duration", path: "duration", value: duration });
  return settings;
}

function optionAt(applied: ReadonlyArray<{ option: string; path: Path }>, path: Path): string | undefined {
  const setting = applied.findLast((candidate) => candidate.path.every((step, i) => step === path[i]));
  if (setting === undefined) return undefined;
  const below = formatPath(path.slice(setting.path.length));
  if (below === "") return setting.option;
  return below.startsWith("[") ? `${setting.option}${below}` : `${setting.option}.${below}`;
}
