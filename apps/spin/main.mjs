/** Does nothing: what offloading itself costs. */
export function noop() {
  return null;
}

/** Uses the given CPU time (of this process, not of the clock) and answers what it used, both in ms. */
export function burn(cpuMs) {
  if (typeof cpuMs !== 'number' || !(cpuMs >= 0) || cpuMs > 3_600_000) {
    throw new RangeError(`cpuMs must be a number from 0 to 3600000, received ${cpuMs}`);
  }
  const usedMs = () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  };
  const start = process.cpuUsage();
  let x = 1;
  while (usedMs() < cpuMs) for (let i = 0; i < 20_000; i++) x = Math.imul(x, 48_271) + i;
  return { usedMs: usedMs(), x };
}
