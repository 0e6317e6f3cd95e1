import type { Path, PathProblem } from "../../engine/scenario/errors.ts";
import { didYouMean } from "../../engine/scenario/suggest.ts";
import { nodeNames } from "../cluster/fit.ts";
import type { NodeEntry, Workload } from "../cluster/schema.ts";
import { canonicalName } from "./reference.ts";
import type { ImageEntry, LayerEntry, RegistrySection } from "./schema.ts";

/** As much of a scenario as its images are judged by. */
export interface ImagesScenario {
  nodes: readonly NodeEntry[];
  workloads: readonly Workload[];
  images?: readonly ImageEntry[];
  registry?: RegistrySection;
  timeline?: ReadonlyArray<{ action: string; path?: Path }>;
}

/** Names in a message; more are left to the reader's file. */
const MOST_NAMES = 12;

/** What is wrong between images, the nodes that hold them and the containers that ask for them. */
export function imageProblems(scenario: ImagesScenario): PathProblem[] {
  const { nodes, workloads, images } = scenario;
  if (images === undefined) return registryProblems(scenario);
  return [
    ...registryProblems(scenario),
    ...twiceDescribed(images),
    ...images.flatMap((image, i) => presenceProblems(image, nodes, ["images", i])),
    ...layerProblems(images),
    ...images.flatMap((image, i) => failureProblems(image, ["images", i, "failures"])),
    ...workloads.flatMap((workload, i) => containerProblems(workload, images, ["workloads", i, "spec"])),
  ];
}

/** The timeline may change the registry of an entry that has one of its own. */
function registryProblems({ nodes, timeline = [] }: ImagesScenario): PathProblem[] {
  return timeline.flatMap(({ path = [] }, i): PathProblem[] => {
    const [section, index, field] = path;
    if (section !== "nodes" || field !== "registry" || nodes[Number(index)]?.registry !== undefined) return [];
    const message = `node ${nodes[Number(index)].name} has no registry of its own; give it one, or set the cluster-wide registry`;
    return [{ path: ["timeline", i, "path"], message }];
  });
}

function twiceDescribed(images: readonly ImageEntry[]): PathProblem[] {
  const first = new Map<string | undefined, number>();
  return images.flatMap(({ name }, i) => {
    const canonical = canonicalName(name);
    const before = first.get(canonical);
    if (before === undefined) {
      first.set(canonical, i);
      return [];
    }
    const message = `the image ${name} is described already, as ${images[before].name}; allowed: once`;
    return [{ path: ["images", i, "name"], message }];
  });
}

function presenceProblems({ present }: ImageEntry, nodes: readonly NodeEntry[], path: Path): PathProblem[] {
  if (present === "all") return [];
  const entries = nodes.map(({ name }) => name);
  const known = new Set([...entries, ...nodes.flatMap((entry) => nodeNames(entry))]);
  return present.flatMap((node, i) => {
    if (known.has(node)) return [];
    const allowed = entries.length === 0 ? "the scenario has none" : `allowed: all, or ${listed(entries)}`;
    const because = nodes.map((_, k) => ["nodes", k]);
    return [
      {
        path: [...path, "present", i],
        message: `there is no node ${node}; ${allowed}${didYouMean(node, [...known])}`,
        because,
      },
    ];
  });
}

/** The same digest is one layer everywhere, so it has one size. */
function layerProblems(images: readonly ImageEntry[]): PathProblem[] {
  const seen = new Map<string, { layer: LayerEntry; image: string }>();
  return images.flatMap(({ name, layers = [] }, i) =>
    layers.flatMap((layer, k): PathProblem[] => {
      const known = seen.get(layer.digest);
      if (known === undefined) {
        seen.set(layer.digest, { layer, image: name });
        return [];
      }
      const same = known.layer.size === layer.size && unpackedSize(known.layer) === unpackedSize(layer);
      if (same) return [];
      const had = `size ${known.layer.size}B and unpacked ${unpackedSize(known.layer)}B`;
      const message = `layer ${layer.digest} has ${had} in image ${known.image}; the same digest is one layer everywhere`;
      return [{ path: ["images", i, "layers", k], message }];
    }),
  );
}

/** A layer's bytes on the disk. */
export function unpackedSize({ size, unpacked = size }: LayerEntry): number {
  return unpacked;
}

function failureProblems({ failures }: ImageEntry, path: Path): PathProblem[] {
  if (!Array.isArray(failures)) return [];
  return failures.flatMap(({ attempt }, i) => {
    const isFirst = failures.findIndex((other) => other.attempt === attempt) === i;
    if (isFirst) return [];
    return [{ path: [...path, i, "attempt"], message: `attempt ${attempt} fails already; allowed: each attempt once` }];
  });
}

function containerProblems({ spec }: Workload, images: readonly ImageEntry[], path: Path): PathProblem[] {
  const described = new Set(images.map(({ name }) => canonicalName(name)));
  const names = images.map(({ name }) => name);
  const because = images.map((_, i) => ["images", i]);
  const problemsOf = (wishes: ReadonlyArray<{ image?: string }>, list: Path, field: Path): PathProblem[] =>
    wishes.flatMap(({ image }, i) => {
      if (image === undefined) return [];
      const canonical = canonicalName(image);
      if (canonical !== undefined && described.has(canonical)) return [];
      const allowed = names.length === 0 ? "describes none" : `describes ${listed(names)}`;
      const message = `the section images, which ${allowed}, does not describe ${JSON.stringify(image)}${didYouMean(image, names)}`;
      return [{ path: [...path, ...list, i, ...field], message, because }];
    });
  return [
    ...problemsOf(spec.initContainers ?? [], ["initContainers"], ["image"]),
    ...problemsOf(spec.containers, ["containers"], ["image"]),
    ...problemsOf(
      (spec.volumes ?? []).map(({ image }) => image ?? {}),
      ["volumes"],
      ["image", "reference"],
    ),
  ];
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}

/** What is legal about images but worth a word: an image that no pod uses, a section without effect. */
export function imageNotices({ nodes, workloads, images, registry }: ImagesScenario): string[] {
  if (images === undefined) {
    if (registry === undefined && nodes.every((entry) => entry.registry === undefined)) return [];
    return ["the section registry has no effect without a section images: every image is there"];
  }
  const used = new Set(
    workloads
      .flatMap(({ spec }) => [
        ...(spec.initContainers ?? []),
        ...spec.containers,
        ...(spec.volumes ?? []).map(({ image }) => image ?? {}),
      ])
      .map(({ image }: { image?: string }) => (image === undefined ? undefined : canonicalName(image))),
  );
  return images
    .filter(({ name }) => !used.has(canonicalName(name)))
    .map(({ name }) => `the image ${name} is used by no pod`);
}
