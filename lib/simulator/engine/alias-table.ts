/** Draws an index with given weights from one uniform number in O(1): Walker's alias method (Vose 1991). */
export class AliasTable {
  private readonly threshold: Float64Array;
  private readonly alias: Int32Array;
  readonly size: number;

  /** @param weights not negative, at least one positive */
  constructor(weights: ArrayLike<number>) {
    const size = weights.length;
    this.size = size;
    this.threshold = new Float64Array(size);
    this.alias = new Int32Array(size);
    let total = 0;
    for (let i = 0; i < size; i++) total += weights[i]!;
    const scaled = Float64Array.from(weights, (w) => (w * size) / total);
    const small: number[] = [];
    const large: number[] = [];
    for (let i = 0; i < size; i++) (scaled[i]! < 1 ? small : large).push(i);
    while (small.length > 0 && large.length > 0) {
      const s = small.pop()!;
      const l = large.pop()!;
      this.threshold[s] = scaled[s]!;
      this.alias[s] = l;
      scaled[l] = scaled[l]! + scaled[s]! - 1;
      (scaled[l]! < 1 ? small : large).push(l);
    }
    for (const i of [...small, ...large]) {
      this.threshold[i] = 1;
      this.alias[i] = i;
    }
  }

  /** @param uniform in [0, 1) */
  pick(uniform: number): number {
    const x = uniform * this.size;
    const i = x | 0;
    return x - i < this.threshold[i]! ? i : this.alias[i]!;
  }
}
