/** Events in order of time, ties in order of insertion: a binary heap. */
export class EventQueue<E> {
  private readonly heap: { atS: number; order: number; event: E }[] = [];
  private inserted = 0;

  get nextS(): number {
    return this.heap[0]?.atS ?? Number.POSITIVE_INFINITY;
  }

  push(atS: number, event: E): void {
    const { heap } = this;
    const item = { atS, order: this.inserted++, event };
    let i = heap.length;
    heap.push(item);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(item, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = item;
  }

  /** Takes the earliest event; undefined when there is none. */
  pop(): E | undefined {
    const { heap } = this;
    const first = heap[0];
    const item = heap.pop();
    if (first === undefined || item === undefined) return undefined;
    if (heap.length > 0) {
      let i = 0;
      for (;;) {
        let child = 2 * i + 1;
        if (child >= heap.length) break;
        if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
        if (!before(heap[child]!, item)) break;
        heap[i] = heap[child]!;
        i = child;
      }
      heap[i] = item;
    }
    return first.event;
  }
}

const before = (a: { atS: number; order: number }, b: { atS: number; order: number }): boolean =>
  a.atS < b.atS || (a.atS === b.atS && a.order < b.order);
