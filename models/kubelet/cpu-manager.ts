import type { Container, PodSpec } from "../cluster/schema.ts";
import { qosClass } from "./resources.ts";

/**
 * The CPU manager's static policy: a container of a Guaranteed pod that requests whole CPUs gets them for itself;
 * everything else shares what is left.
 *
 * Simplified: the node is one socket of single-threaded cores, so the lowest-numbered free CPUs are taken; containers
 * that share learn of a changed pool at once instead of within the reconcile period of 10 s.
 * Source: kubernetes v1.34 pkg/kubelet/cm/cpumanager/policy_static.go, cpu_assignment.go.
 */
export class StaticCpuManager {
  readonly #all: readonly number[];
  readonly #reserved: ReadonlySet<number>;
  readonly #exclusive = new Map<string, readonly number[]>();

  /** `reserved`: CPU numbers that are never given away (reservedSystemCPUs, or as many as are reserved in cores). */
  constructor(cpuCount: number, reserved: readonly number[]) {
    this.#all = Array.from({ length: cpuCount }, (_, cpu) => cpu);
    this.#reserved = new Set(reserved);
  }

  /** What containers without exclusive CPUs run on: the reserved ones included. */
  get shared(): number[] {
    const taken = new Set([...this.#exclusive.values()].flat());
    return this.#all.filter((cpu) => !taken.has(cpu));
  }

  /** CPUs that can still be given away. */
  get free(): number[] {
    return this.shared.filter((cpu) => !this.#reserved.has(cpu));
  }

  /** CPUs of the container for itself alone, or undefined if there are not enough. `key` names the container on its node. */
  take(key: string, count: number): readonly number[] | undefined {
    const { free } = this;
    if (free.length < count) return undefined;
    const taken = free.slice(0, count);
    this.#exclusive.set(key, taken);
    return taken;
  }

  /** The container's own CPUs, if it has any. */
  of(key: string): readonly number[] | undefined {
    return this.#exclusive.get(key);
  }

  release(key: string): void {
    this.#exclusive.delete(key);
  }
}

/** How many exclusive CPUs the static policy owes a container: its whole-numbered request in a Guaranteed pod, else 0. */
export function exclusiveCpus(spec: PodSpec, container: Container): number {
  const milli = container.resources.requests.cpu ?? 0;
  return qosClass(spec) === "Guaranteed" && milli > 0 && milli % 1000 === 0 ? milli / 1000 : 0;
}

/**
 * CPUs that are reserved: those named, else as many of the lowest as kubeReserved and systemReserved make in whole cores.
 */
export function reservedCpus(named: readonly number[] | undefined, reservedMilli: number): readonly number[] {
  return named ?? Array.from({ length: Math.ceil(reservedMilli / 1000) }, (_, cpu) => cpu);
}
