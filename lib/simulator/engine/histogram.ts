const MANTISSA_BITS = 7;
const SHIFT = 20 - MANTISSA_BITS;
const LOWEST_EXPONENT = -20;
const OCTAVES = 32;
const BIAS = (1023 + LOWEST_EXPONENT) << MANTISSA_BITS;
/** Bin 0 takes everything below 2^-20 s (zero included), the last one everything above 2^12 s. */
const BINS = (OCTAVES << MANTISSA_BITS) + 2;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/**
 * Counts of durations in bins 0.8 % wide (128 per octave), read off the bits of the number itself; quantiles interpolate
 * within a bin, so that they are right to about 0.2 %. Little-endian machines only, as every machine Node runs on.
 */
export class DurationHistogram {
  count = 0;
  sum = 0;
  readonly bins = new Uint32Array(BINS);

  add(valueS: number): void {
    this.count++;
    this.sum += valueS;
    float[0] = valueS;
    const bin = (words[1]! >>> SHIFT) - BIAS + 1;
    const at = bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
    this.bins[at] = this.bins[at]! + 1;
  }

  merge(other: DurationHistogram): void {
    this.count += other.count;
    this.sum += other.sum;
    for (let i = 0; i < BINS; i++) this.bins[i] = this.bins[i]! + other.bins[i]!;
  }

  clear(): void {
    this.count = 0;
    this.sum = 0;
    this.bins.fill(0);
  }

  /** NaN when empty. */
  get mean(): number {
    return this.sum / this.count;
  }

  /** The share of durations at most `valueS`, interpolated within its bin. */
  shareWithin(valueS: number): number {
    let below = 0;
    for (let i = 0; i < BINS; i++) {
      const low = lowerEdge(i);
      const high = lowerEdge(i + 1);
      if (high <= valueS) below += this.bins[i]!;
      else {
        if (valueS > low) below += this.bins[i]! * ((valueS - low) / (high - low));
        break;
      }
    }
    return below / this.count;
  }

  /** @param q in (0, 1); NaN when empty */
  quantile(q: number): number {
    if (this.count === 0) return Number.NaN;
    const target = q * this.count;
    let below = 0;
    for (let i = 0; i < BINS; i++) {
      const inBin = this.bins[i]!;
      if (inBin > 0 && below + inBin >= target) {
        const low = lowerEdge(i);
        return i === 0 ? 0 : low + ((lowerEdge(i + 1) - low) * (target - below)) / inBin;
      }
      below += inBin;
    }
    return lowerEdge(BINS - 1);
  }
}

function lowerEdge(bin: number): number {
  if (bin === 0) return 0;
  const step = bin - 1;
  const octave = step >> MANTISSA_BITS;
  return 2 ** (LOWEST_EXPONENT + octave) * (1 + (step - (octave << MANTISSA_BITS)) / (1 << MANTISSA_BITS));
}
