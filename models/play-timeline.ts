import { BEFORE_MODELS, type Ns, type Simulation } from "../engine/index.ts";
import type { EventLog } from "../engine/results/event-log.ts";
import type { Cluster } from "./cluster/cluster.ts";
import type { Node } from "./cluster/node.ts";
import type { Controllers } from "./controllers/controller.ts";
import type { EvictionModel } from "./eviction/compose-eviction.ts";
import type { Images } from "./images/compose-images.ts";
import type { Flannel } from "./flannel/compose-flannel.ts";
import type { Kubelet } from "./kubelet/kubelet.ts";
import type { NodeAction, Scenario, SetAction, TimelineEntry, When } from "./scenario.ts";
import type { Placer } from "./scheduler/placer.ts";
import type { Traffic } from "./traffic/traffic.ts";

/** What a timeline acts on. */
export interface TimelineTargets {
  cluster: Cluster;
  traffic: Traffic;
  placer: Placer;
  controllers: Controllers;
  events: EventLog;
  flannel: Flannel;
  kubeletOf: (node: Node) => Kubelet;
  /** Absent where every image is there. */
  images?: Images<Node>;
  /** Absent where nothing uses memory, disk or processes. */
  eviction?: EvictionModel;
}

/** Nodes whose first action is to join: they are absent until then. */
export function startsAbsent({ timeline }: Scenario, cluster: Cluster): Node[] {
  const first = new Map<Node, { at: Ns; action: string }>();
  for (const entry of timeline) {
    if (!isNodeAction(entry)) continue;
    const at = "at" in entry ? entry.at : entry.from;
    for (const node of cluster.nodesNamed(entry.node)) {
      const known = first.get(node);
      if (known === undefined || at < known.at) first.set(node, { at, action: entry.action });
    }
  }
  return cluster.nodes.filter((node) => first.get(node)?.action === "nodeJoin");
}

function isNodeAction(entry: TimelineEntry): entry is When & NodeAction {
  return NODE_ACTIONS.includes(entry.action);
}

const NODE_ACTIONS: readonly string[] = [
  "nodeDown",
  "nodeUp",
  "nodeJoin",
  "nodeDelete",
  "restartKubelet",
] satisfies Array<NodeAction["action"]>;

/** Schedules the scenario's timeline. Its actions run before everything else of their instant, in the listed order. */
export function playTimeline(simulation: Simulation, scenario: Scenario, targets: TimelineTargets): void {
  for (const entry of scenario.timeline) {
    const run = () => act(simulation, scenario, targets, entry);
    if (!("every" in entry)) simulation.scheduleAt(entry.at, run, undefined, BEFORE_MODELS);
    else repeat(simulation, entry.from, entry.every, Math.min(entry.until ?? Infinity, scenario.duration), run);
  }
}

function repeat(simulation: Simulation, at: Ns, every: Ns, until: Ns, run: () => void): void {
  if (at >= until) return;
  const step = () => {
    run();
    repeat(simulation, at + every, every, until, run);
  };
  simulation.scheduleAt(at, step, undefined, BEFORE_MODELS);
}

function act(simulation: Simulation, scenario: Scenario, targets: TimelineTargets, entry: TimelineEntry): void {
  const { cluster, controllers, events, images } = targets;
  switch (entry.action) {
    case "set":
      return set(scenario, targets, entry);
    case "deletePod": {
      // A name may have been given again while its last bearer is still being stopped: the latest counts.
      const pod = cluster.pods.findLast(({ name }) => name === entry.pod);
      if (pod !== undefined) cluster.deletePod(pod);
      else events.add(simulation.now, "", `pod/${entry.pod}`, "NotFound", `pods "${entry.pod}" not found`);
      return;
    }
    case "scale": {
      const workload = cluster.workload(entry.workload);
      workload.entry.replicas = entry.replicas;
      controllers.scaled(workload);
      return;
    }
    case "registryDown":
    case "registryUp":
      images?.act(entry);
      return;
    case "flanneldStop":
    case "flanneldStart":
    case "link":
    case "entryRemove":
    case "entryRestore":
      targets.flannel.act(
        entry,
        cluster.nodesNamed(entry.node).map(({ name }) => name),
      );
      return;
    default:
      for (const node of cluster.nodesNamed(entry.node)) actOnNode(targets, node, entry.action);
  }
}

/** An action for which the node is in the wrong state, such as nodeUp for one that is up, changes nothing. */
function actOnNode({ cluster, kubeletOf }: TimelineTargets, node: Node, action: NodeAction["action"]): void {
  switch (action) {
    case "nodeDown":
      return cluster.nodeDown(node);
    case "nodeUp":
      return cluster.nodeUp(node);
    case "nodeJoin":
      return cluster.nodeJoin(node);
    case "nodeDelete":
      return cluster.nodeDelete(node);
    case "restartKubelet":
      if (node.state !== "up") return;
      // Whoever forgets with the kubelet has done so when it looks at its pods again.
      for (const observer of cluster.observers) observer.kubeletRestarted?.(node);
      kubeletOf(node).restart();
  }
}

/** Changes one field of the running scenario, and tells whoever acts on it. */
function set(
  scenario: Scenario,
  { cluster, traffic, placer, kubeletOf, images, eviction }: TimelineTargets,
  { path, value }: SetAction,
): void {
  assign(scenario, path, value);
  const [section, index, field, ...rest] = path;
  if (section === "traffic") {
    traffic.changed(index as number);
    return;
  }
  // nodes[i].registry, or that of the cluster.
  if (section === "nodes" || section === "registry") {
    images?.registryChanged();
    return;
  }
  // Koordlets look at their section at every pass.
  if (section === "koordinator") return;
  const workload = cluster.workloads[index as number];
  for (const pod of workload.pods) {
    if (!pod.isBound) continue;
    if (field === "spec") {
      kubeletOf(pod.node).resize(pod);
      placer.resized(pod);
      eviction?.podResized(pod);
    } else {
      // workloads[i].cgroup.pod.<file>, or workloads[i].cgroup.containers.<container>.<file>
      const [container, file] = rest[0] === "pod" ? [undefined, rest[1]] : [rest[1] as string, rest[2]];
      kubeletOf(pod.node).writeCgroupFile(pod, container, file as string, value as string | number);
    }
  }
}

function assign(root: object, path: ReadonlyArray<string | number>, value: unknown): void {
  let target = root as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) target = (target[key] ??= {}) as Record<string | number, unknown>;
  target[path[path.length - 1]] = value;
}
