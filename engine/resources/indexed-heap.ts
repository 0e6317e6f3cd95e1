/** What a heap holds: it keeps its own place there, so that it can leave from the middle. */
export interface HeapItem {
  /** Written by the heap; -1 outside of it. */
  heapIndex: number;
}

/**
 * A binary heap whose items can leave or move at any time, in the logarithm of its size. `isBefore` must be a total order
 * (end in a unique number), so that the order in which items come out depends on nothing else.
 */
export class IndexedHeap<T extends HeapItem> {
  readonly #items: T[] = [];
  readonly #isBefore: (a: T, b: T) => boolean;

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The item before all others. */
  get first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    this.#items.push(item);
    this.#siftUp(this.#items.length - 1, item);
  }

  /** Takes out an item, which must be in the heap. */
  remove(item: T): void {
    const index = item.heapIndex;
    const last = this.#items.pop() as T;
    item.heapIndex = -1;
    if (last === item) return;
    this.#place(index, last);
  }

  /** Moves an item whose order has changed to its new place. */
  update(item: T): void {
    this.#place(item.heapIndex, item);
  }

  #place(index: number, item: T): void {
    if (index > 0 && this.#isBefore(item, this.#items[(index - 1) >> 1])) this.#siftUp(index, item);
    else this.#siftDown(index, item);
  }

  #siftUp(index: number, item: T): void {
    const items = this.#items;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(item, items[parent])) break;
      items[index] = items[parent];
      items[index].heapIndex = index;
      index = parent;
    }
    items[index] = item;
    item.heapIndex = index;
  }

  #siftDown(index: number, item: T): void {
    const items = this.#items;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#isBefore(items[child + 1], items[child])) child++;
      if (!this.#isBefore(items[child], item)) break;
      items[index] = items[child];
      items[index].heapIndex = index;
      index = child;
    }
    items[index] = item;
    item.heapIndex = index;
  }
}
