/**
 * Seeded random streams for the simulator.
 *
 * Lifecycle: a stream is created from (seed, replication, purpose) and read until the replication ends. Streams of different
 * purposes are independent, so two policies under one seed see the same arrivals and demands (common random numbers).
 * Blocks are generated ahead with the generator's state in local variables, which is what makes a draw cost about 2 ns.
 */

/** What a stream is used for; each purpose is a stream of its own. */
export const Stream = { arrivals: 1, demands: 2, dispatch: 3, cloud: 4, noise: 5 } as const;

const BLOCK = 1024;

/** Finaliser of MurmurHash3: spreads a 32-bit integer over all its bits. */
function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

function initialState(seed: number, replication: number, purpose: number): Int32Array {
  // A seed may be any safe integer: both its halves count.
  let h = mix32((seed | 0) ^ 0x9e3779b9);
  h = mix32(h ^ Math.floor(seed / 2 ** 32));
  h = mix32(h ^ Math.imul(replication + 1, 0x9e3779b1));
  h = mix32(h ^ Math.imul(purpose + 1, 0x85ebca77));
  const state = new Int32Array(4);
  for (let i = 0; i < 4; i++) {
    h = (h + 0x9e3779b9) | 0;
    state[i] = mix32(h);
  }
  if ((state[0]! | state[1]! | state[2]! | state[3]!) === 0) state[0] = 1;
  return state;
}

/** Uniform numbers in the open interval (0, 1): xoshiro128++ (Blackman & Vigna, "Scrambled linear pseudorandom number generators", 2021). */
export class UniformStream {
  private readonly state: Int32Array;
  private readonly block = new Float64Array(BLOCK);
  private at = BLOCK;

  /**
   * @param seed any integer
   * @param replication index of the replication, from 0
   * @param purpose see `Stream`, or any other small integer for a further independent stream
   */
  constructor(seed: number, replication: number, purpose: number) {
    this.state = initialState(seed, replication, purpose);
  }

  next(): number {
    if (this.at === BLOCK) {
      fillUniform(this.state, this.block);
      this.at = 0;
    }
    return this.block[this.at++]!;
  }

  /** A uniform integer in [0, bound). */
  below(bound: number): number {
    return (this.next() * bound) | 0;
  }
}

/** Exponential numbers with mean 1, by inversion. */
export class ExponentialStream {
  private readonly state: Int32Array;
  private readonly block = new Float64Array(BLOCK);
  private at = BLOCK;

  constructor(seed: number, replication: number, purpose: number) {
    this.state = initialState(seed, replication, purpose);
  }

  next(): number {
    if (this.at === BLOCK) {
      fillUniform(this.state, this.block);
      const block = this.block;
      for (let i = 0; i < BLOCK; i++) block[i] = -Math.log(block[i]!);
      this.at = 0;
    }
    return this.block[this.at++]!;
  }
}

function fillUniform(state: Int32Array, out: Float64Array): void {
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  for (let i = 0; i < out.length; i++) {
    const sum = (a + d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + a) | 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    out[i] = ((result >>> 0) + 0.5) * 2 ** -32;
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

/** A standard normal number (Box-Muller, one of the pair). */
export function normal(stream: UniformStream): number {
  return Math.sqrt(-2 * Math.log(stream.next())) * Math.cos(2 * Math.PI * stream.next());
}
