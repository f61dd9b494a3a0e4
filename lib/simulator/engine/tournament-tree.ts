/** The smallest of a set of keyed items, each of which may change its key: O(log size) per change. */
export class TournamentTree {
  private size: number;
  private key: Float64Array;
  /** winner[1] is the item with the least key; items are the leaves from `size` on. */
  private winner: Int32Array;

  constructor(items: number) {
    this.size = 1;
    while (this.size < items) this.size *= 2;
    this.key = new Float64Array(this.size).fill(Number.POSITIVE_INFINITY);
    this.winner = new Int32Array(2 * this.size);
    for (let i = 0; i < this.size; i++) this.winner[this.size + i] = i;
    for (let i = this.size - 1; i >= 1; i--) this.winner[i] = this.winner[2 * i]!;
  }

  /** The item with the least key. */
  get first(): number {
    return this.winner[1]!;
  }
  /** The least key; Infinity when no item is set. */
  get least(): number {
    return this.key[this.winner[1]!]!;
  }

  set(item: number, key: number): void {
    if (item >= this.size) this.grow(item + 1);
    const keys = this.key;
    const winner = this.winner;
    keys[item] = key;
    for (let i = (this.size + item) >> 1; i >= 1; i >>= 1) {
      const a = winner[2 * i]!;
      const b = winner[2 * i + 1]!;
      winner[i] = keys[b]! < keys[a]! ? b : a;
    }
  }

  private grow(items: number): void {
    const bigger = new TournamentTree(items);
    for (let i = 0; i < this.size; i++) bigger.set(i, this.key[i]!);
    this.size = bigger.size;
    this.key = bigger.key;
    this.winner = bigger.winner;
  }
}
