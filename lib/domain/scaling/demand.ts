/** Counters of one app on one VM since its boot, as heartbeats carry them. CPU seconds on the reference core. */
export interface AppCounters {
  runs: number;
  cpuS: number;
  /** Preparing sandboxes, apart from the tasks themselves. */
  prepCpuS: number;
}

/** What one VM reported last; counters start again when the boot nonce changes. */
export interface DemandReport {
  vmId: string;
  bootNonce: string;
  byApp: Record<string, AppCounters>;
}

/** Learned service demand of one pool, by app digest. Plain JSON. */
export interface DemandState {
  /** Discounted sums over the pool's last `memoryRuns` runs or so. */
  apps: Record<string, AppCounters>;
  lastSeen: Record<string, { bootNonce: string; byApp: Record<string, AppCounters> }>;
}

export const emptyDemand: DemandState = { apps: {}, lastSeen: {} };

/**
 * Adds what the VMs ran since their last report. Old runs fade, so that the demand follows a new version or another mix of apps.
 *
 * @param memoryRuns how many runs it takes for an old one to weigh 1/e
 */
export function learnDemand(
  state: DemandState,
  reports: readonly DemandReport[],
  memoryRuns: number = 2_000,
): DemandState {
  const fresh = new Map<string, AppCounters>();
  let newRuns = 0;
  const lastSeen: DemandState['lastSeen'] = {};
  for (const report of reports) {
    const previous = state.lastSeen[report.vmId];
    const known = previous?.bootNonce === report.bootNonce ? previous.byApp : {};
    for (const [digest, now] of Object.entries(report.byApp)) {
      const before = known[digest] ?? { runs: 0, cpuS: 0, prepCpuS: 0 };
      const sum = fresh.get(digest) ?? { runs: 0, cpuS: 0, prepCpuS: 0 };
      const runs = Math.max(0, now.runs - before.runs);
      newRuns += runs;
      fresh.set(digest, {
        runs: sum.runs + runs,
        cpuS: sum.cpuS + Math.max(0, now.cpuS - before.cpuS),
        prepCpuS: sum.prepCpuS + Math.max(0, now.prepCpuS - before.prepCpuS),
      });
    }
    lastSeen[report.vmId] = { bootNonce: report.bootNonce, byApp: report.byApp };
  }
  const keep = Math.exp(-newRuns / memoryRuns);
  const apps: DemandState['apps'] = {};
  for (const digest of new Set([...Object.keys(state.apps), ...fresh.keys()])) {
    const old = state.apps[digest] ?? { runs: 0, cpuS: 0, prepCpuS: 0 };
    const add = fresh.get(digest) ?? { runs: 0, cpuS: 0, prepCpuS: 0 };
    const runs = old.runs * keep + add.runs;
    if (runs < 0.5 && add.prepCpuS === 0) continue;
    apps[digest] = { runs, cpuS: old.cpuS * keep + add.cpuS, prepCpuS: old.prepCpuS * keep + add.prepCpuS };
  }
  return { apps, lastSeen };
}

/** What was measured, task and preparation apart, per request; null before the first run. */
export function measuredDemand(state: DemandState): { runs: number; taskS: number; preparationS: number } | null {
  const ran = Object.values(state.apps).filter((app) => app.runs >= 0.5);
  const runs = ran.reduce((sum, app) => sum + app.runs, 0);
  if (runs === 0) return null;
  const sum = (value: (app: AppCounters) => number) => ran.reduce((total, app) => total + value(app), 0);
  return { runs, taskS: sum((app) => app.cpuS) / runs, preparationS: sum((app) => app.prepCpuS) / runs };
}

/** CPU seconds per request of a sandbox that was prepared for it, before anything was measured. */
export const preparationPriorS = { node: 0.03, jvm: 0.08, art: 0.08 } as const;

/**
 * Service demand of one request of the pool, in CPU seconds on the reference core, task and sandbox preparation together.
 *
 * @param priorS what the manifests say, preparation included; weighs as much as `priorRuns` measured runs
 */
export function poolDemandS(state: DemandState, priorS: number, priorRuns: number = 5): number {
  let runs = priorRuns;
  let cpuS = priorRuns * priorS;
  for (const app of Object.values(state.apps)) {
    // Sandboxes prepared for an app that never ran are stock, not demand.
    if (app.runs < 0.5) continue;
    runs += app.runs;
    cpuS += app.cpuS + app.prepCpuS;
  }
  return Math.max(cpuS / runs, 1e-6);
}
