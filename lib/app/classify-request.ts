import { cheapestGroup, type Requirements } from '../domain/dispatch/classify.ts';
import type { App, Sla, VmTypeGroup } from '../ports/contracts/config.ts';
import type { Problem } from '../ports/contracts/problem.ts';
import type { PlacementRequest } from '../ports/contracts/wire.ts';
import type { ConfigCache } from './config-cache.ts';
import { problem } from './problem.ts';
import { defaultSlaId } from './scaler/pools.ts';
import { show } from './validation.ts';

/** What a request comes down to. */
export interface Classified {
  app: App;
  sla: Sla;
  group: VmTypeGroup;
  poolId: string;
}

export type Classification = { ok: true; value: Classified } | { ok: false; problem: Problem };

export interface ClassifierDependencies {
  regionId: string;
  config: ConfigCache;
  /** USD per hour of a group's cheapest type, null when not known. */
  groupPriceUsdPerHour?: (group: VmTypeGroup) => number | null;
}

/** A registration must work at once everywhere; unknown ids read the table again, at most this often. */
const rereadMs = 200;

const poolIdOf = (regionId: string, groupId: string, slaId: string): string => `${regionId}.${groupId}.${slaId}`;

/**
 * Maps a request to its app, agreement, VM-type group and pool.
 *
 * @param groupId given on a group's own route: the classifier's choice is skipped, its checks are not
 */
export async function classify(
  deps: ClassifierDependencies,
  request: PlacementRequest,
  groupId?: string,
): Promise<Classification> {
  await deps.config.ready();
  const first = resolve(deps, request, groupId);
  if (first.ok) return first;
  await deps.config.refresh(rereadMs);
  return resolve(deps, request, groupId);
}

function resolve(deps: ClassifierDependencies, request: PlacementRequest, groupId: string | undefined): Classification {
  const { config } = deps;
  const app = config.get('app', request.appId);
  if (app === undefined) {
    return refuse(
      'unknown-app',
      `no app ${show(request.appId)} is registered; register its bundle (oaas app put) or correct appId`,
    );
  }
  const methods = Object.keys(app.manifest.methods);
  if (request.method !== undefined && !methods.includes(request.method)) {
    return refuse(
      'unknown-method',
      `app ${show(app.id)} has no method ${show(request.method)}; it has ${methods.join(', ')}`,
    );
  }
  const slaId = request.slaId ?? app.manifest.slaId ?? defaultSlaId;
  const sla = config.get('sla', slaId);
  if (sla === undefined) {
    const known = config.list('sla').map((row) => row.id);
    return refuse(
      'unknown-sla',
      `no SLA ${show(slaId)}; known: ${known.join(', ') || 'none'}. Name one of them or create it (oaas sla put)`,
    );
  }
  const needs = requirementsOf(app, request);
  const group = groupId === undefined ? chooseGroup(deps, needs) : config.get('group', groupId);
  if (group === undefined) {
    if (groupId !== undefined)
      return refuse(
        'unknown-group',
        `no VM-type group ${show(groupId)}; ask ${'/v1/placements'} which one serves the app`,
      );
    return refuse(
      'no-group-serves',
      `no VM-type group serves ${describe(needs)}; ${mostOffered(config.list('group'), needs)}`,
    );
  }
  if (groupId !== undefined && cheapestGroup(needs, [offerOf(deps, group)]) === null) {
    return refuse(
      'no-group-serves',
      `VM-type group ${show(groupId)} does not serve ${describe(needs)}; ask /v1/placements which one does`,
    );
  }
  return { ok: true, value: { app, sla, group, poolId: poolIdOf(deps.regionId, group.id, sla.id) } };
}

/** The manifest's requirements, raised where the request asks for more. */
function requirementsOf(app: App, request: PlacementRequest): Requirements {
  const base = app.manifest.requirements;
  const asked = request.requirements;
  return {
    runtime: asked?.runtime ?? app.manifest.runtime,
    os: asked?.os ?? base.os,
    memoryMiB: Math.max(base.memoryMiB, asked?.memoryMiB ?? 0),
    vcpus: Math.max(base.vcpus, asked?.vcpus ?? 0),
  };
}

function chooseGroup(deps: ClassifierDependencies, needs: Requirements): VmTypeGroup | undefined {
  const groups = deps.config.list('group');
  const best = cheapestGroup(
    needs,
    groups.map((group) => offerOf(deps, group)),
  );
  return best === null ? undefined : deps.config.get('group', best.id);
}

const offerOf = (deps: ClassifierDependencies, group: VmTypeGroup) => ({
  id: group.id,
  runtimes: group.runtimes,
  os: group.os,
  memoryMiB: group.memoryMiB,
  vcpus: group.vcpus,
  priceUsdPerHour: deps.groupPriceUsdPerHour?.(group) ?? null,
});

const describe = (needs: Requirements): string =>
  `runtime ${needs.runtime} on ${needs.os} with ${needs.memoryMiB} MiB and ${needs.vcpus} vCPUs`;

function mostOffered(groups: readonly VmTypeGroup[], needs: Requirements): string {
  const fitting = groups.filter(
    (group) => group.os === needs.os && (group.runtimes as string[]).includes(needs.runtime),
  );
  if (fitting.length === 0) {
    const offered = [
      ...new Set(groups.flatMap((group) => group.runtimes.map((runtime) => `${runtime} on ${group.os}`))),
    ];
    return `runtimes offered: ${offered.join(', ') || 'none'}`;
  }
  return `the most it could ask for is ${Math.max(...fitting.map((g) => g.memoryMiB))} MiB and ${Math.max(...fitting.map((g) => g.vcpus))} vCPUs; ask for less or add a group (oaas group put)`;
}

function refuse(
  type: 'unknown-app' | 'unknown-method' | 'unknown-sla' | 'unknown-group' | 'no-group-serves',
  detail: string,
): Classification {
  return { ok: false, problem: problem(type, detail) };
}
