/** Called with the last byte. */
export type Done = () => void;

/** One transfer, by the service at which it is complete. */
export interface Flow {
  /** What the group has given to each of its flows when this one is done, in bytes. */
  mark: number;
  /** Counts the starts: of flows that are done at one instant, the first started is told first. */
  order: number;
  done: Done;
  isCancelled: boolean;
}

function isBefore(a: Flow, b: Flow): boolean {
  return a.mark < b.mark || (a.mark === b.mark && a.order < b.order);
}

/** Adds to a binary heap: the flow with the lowest mark is on top. */
export function push(heap: Flow[], flow: Flow): void {
  let i = heap.length;
  heap.push(flow);
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!isBefore(flow, heap[parent])) break;
    heap[i] = heap[parent];
    i = parent;
  }
  heap[i] = flow;
}

/** Takes the first of a binary heap that is not empty. */
export function pop(heap: Flow[]): Flow {
  const [first] = heap;
  const last = heap.pop() as Flow;
  if (heap.length === 0) return first;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
    if (!isBefore(heap[child], last)) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = last;
  return first;
}
