/**
 * The IoT paper's trigger: one more server when the measured response exceeds the threshold, one less when it falls well under
 * it (the paper's code never scaled down; a third of the target is where one server in two could go).
 */
export function responseThresholdStep(
  measuredMs: number | null,
  targetMs: number,
  servers: number,
  bounds: { minVms: number; maxVms: number },
): -1 | 0 | 1 {
  if (servers < bounds.minVms) return 1;
  if (measuredMs === null) return 0;
  if (measuredMs > targetMs) return servers < bounds.maxVms ? 1 : 0;
  if (measuredMs < targetMs / 3 && servers > Math.max(1, bounds.minVms)) return -1;
  return 0;
}
