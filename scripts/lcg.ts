/** Numerical Recipes' 32-bit LCG, uniform in [0, 1): any language can repeat it, none has to. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4_294_967_296;
  };
}
