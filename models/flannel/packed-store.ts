import type { FdbEntry, NeighbourEntry, Route, TableStore, TableStores } from "./kernel-tables.ts";

/** Numbers the distinct keys and values of a table over all nodes, from 1 on; 0 means none. */
class Numbering<V> {
  readonly keyIds = new Map<string, number>();
  readonly keys: string[] = [];
  readonly values: V[] = [];
  readonly #valueIds = new Map<string, number>();
  readonly #describe: (value: V) => string;
  #last: V | undefined;
  #lastId = 0;

  /** `describe` gives equal texts to equal values, and only to them. */
  constructor(describe: (value: V) => string) {
    this.#describe = describe;
  }

  keyId(key: string): number {
    return this.keyIds.get(key) ?? number(this.keyIds, this.keys, key, key);
  }

  valueId(value: V): number {
    // Daemons that are told of the same event enter the same object one after the other.
    if (value === this.#last) return this.#lastId;
    const text = this.#describe(value);
    this.#last = value;
    this.#lastId = this.#valueIds.get(text) ?? number(this.#valueIds, this.values, text, value);
    return this.#lastId;
  }
}

function number<T>(ids: Map<string, number>, list: T[], text: string, item: T): number {
  list.push(item);
  ids.set(text, list.length);
  return list.length;
}

/** A table of one node: for every key that some node has, the number of this node's value; two bytes until four are needed. */
class PackedStore<V> implements TableStore<V> {
  #size = 0;
  readonly #numbering: Numbering<V>;
  #cells: Uint16Array | Uint32Array = new Uint16Array(16);

  constructor(numbering: Numbering<V>) {
    this.#numbering = numbering;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): V | undefined {
    const id = this.#numbering.keyIds.get(key);
    const value = id === undefined || id >= this.#cells.length ? 0 : this.#cells[id];
    return value === 0 ? undefined : this.#numbering.values[value - 1];
  }

  set(key: string, value: V): void {
    const id = this.#numbering.keyId(key);
    const valueId = this.#numbering.valueId(value);
    if (id >= this.#cells.length || valueId > 0xffff) this.#widen(id, valueId);
    if (this.#cells[id] === 0) this.#size++;
    this.#cells[id] = valueId;
  }

  delete(key: string): boolean {
    const id = this.#numbering.keyIds.get(key);
    if (id === undefined || id >= this.#cells.length || this.#cells[id] === 0) return false;
    this.#cells[id] = 0;
    this.#size--;
    return true;
  }

  assign(from: TableStore<V>): void {
    if (!(from instanceof PackedStore)) throw new TypeError("a packed table takes over the entries of its own kind");
    this.#cells = from.#cells.slice();
    this.#size = from.#size;
  }

  /** In the order in which keys were first seen on any node. */
  *[Symbol.iterator](): Iterator<[string, V]> {
    for (let id = 1; id < this.#cells.length; id++) {
      const value = this.#cells[id];
      if (value > 0) yield [this.#numbering.keys[id - 1], this.#numbering.values[value - 1]];
    }
  }

  #widen(id: number, valueId: number): void {
    const isWide = valueId > 0xffff || this.#cells.BYTES_PER_ELEMENT === 4;
    if (id < this.#cells.length && isWide === (this.#cells.BYTES_PER_ELEMENT === 4)) return;
    let length = this.#cells.length;
    // A quarter more than is used: doubling would waste half of what thousands of nodes hold.
    while (length <= id) length = Math.ceil(length * 1.25);
    const cells = isWide ? new Uint32Array(length) : new Uint16Array(length);
    cells.set(this.#cells);
    this.#cells = cells;
  }
}

/**
 * Makes the tables of a network's nodes so that a peer costs each of them about six bytes: every distinct entry is kept
 * once for all, and a node has its number. For clusters of thousands of nodes.
 */
export function packedStores(): () => TableStores {
  const routes = new Numbering<Route>((route) => JSON.stringify([route.dst, route.via, route.device, route.isOnlink]));
  const neighbours = new Numbering<NeighbourEntry>((entry) => `${entry.mac} ${entry.device}`);
  const fdb = new Numbering<FdbEntry>((entry) => `${entry.ip} ${entry.device}`);
  return () => ({
    routes: new PackedStore(routes),
    neighbours: new PackedStore(neighbours),
    fdb: new PackedStore(fdb),
  });
}
