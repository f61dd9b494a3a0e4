/** F(n) by the definition: exponentially many additions. */
export function recursive(n) {
  if (!Number.isInteger(n) || n < 0 || n > 45)
    throw new RangeError(`n must be a whole number from 0 to 45, received ${n}`);
  return fibonacci(n);
}

function fibonacci(n) {
  return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

/** F(n) exactly, as decimal digits. */
export function iterative(n) {
  if (!Number.isInteger(n) || n < 0 || n > 100_000)
    throw new RangeError(`n must be a whole number from 0 to 100000, received ${n}`);
  let [a, b] = [0n, 1n];
  for (let i = 0; i < n; i++) [a, b] = [b, a + b];
  return a.toString();
}
