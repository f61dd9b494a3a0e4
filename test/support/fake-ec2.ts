/*
 * EC2's query protocol on loopback, for the real SDK client: records every call, and does what moto does not: ClientToken is idempotent
 * and refuses other parameters, MinCount and MaxCount mean what they say, a fleet call takes its overrides by priority and says where
 * there was no capacity. Failures and silence are injected.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A call's parameters, nested as its dots say; lists are objects with keys from 1. */
export interface Ec2Call {
  action: string;
  region: string;
  parameters: Tree;
}
export interface Tree {
  [key: string]: Tree | string;
}

interface FakeInstance {
  id: string;
  region: string;
  type: string;
  subnet: string;
  spot: boolean;
  state: string;
  launchedAtMs: number;
  tags: Map<string, string>;
}

export interface FakeEc2 {
  endpoint: string;
  calls: Ec2Call[];
  instances: Map<string, FakeInstance>;
  /** How many of a type a subnet still has; unlimited when not set. */
  capacity: Map<string, number>;
  /** Code that the next calls of an action answer. */
  fail(action: string, code: string, options?: { times?: number; message?: string }): void;
  /** Spot prices as they are now, by type and zone. */
  spotPrices: { type: string; zone: string; usdPerHour: string }[];
  /** Regions that never answer. */
  silent: Set<string>;
  stop(): void;
}

class Ec2Error extends Error {
  readonly code: string;
  constructor(code: string, message = code) {
    super(message);
    this.code = code;
  }
}

const zonesPerRegion = ['a', 'b', 'c'];
export const subnetOf = (region: string, zone: string): string => `subnet-${region}${zone}`;

export async function startFakeEc2(): Promise<FakeEc2> {
  const calls: Ec2Call[] = [];
  const instances: FakeEc2['instances'] = new Map();
  const capacity: FakeEc2['capacity'] = new Map();
  const failures = new Map<string, { code: string; times: number; message: string }>();
  const silent = new Set<string>();
  const spotPrices: FakeEc2['spotPrices'] = [];
  const tokens = new Map<string, { asked: string; answer: string }>();
  let counter = 0;

  /** Instance ids, at most `count`, as many as there is room for. */
  function boot(call: Ec2Call, type: string, subnet: string, count: number, spot: boolean): string[] {
    const key = `${type}@${subnet}`;
    const room = capacity.get(key) ?? Number.POSITIVE_INFINITY;
    const given = Math.min(room, count);
    if (Number.isFinite(room)) capacity.set(key, room - given);
    return Array.from({ length: given }, () => {
      counter += 1;
      const id = `i-${counter.toString(16).padStart(17, '0')}`;
      instances.set(id, {
        id,
        region: call.region,
        type,
        subnet,
        spot,
        state: 'running',
        launchedAtMs: Date.now(),
        tags: tagsFor(call, 'instance'),
      });
      return id;
    });
  }

  const actions: Record<string, (call: Ec2Call) => string> = {
    RunInstances(call) {
      const { parameters: p } = call;
      const type = leaf(p, 'InstanceType');
      const subnet = leaf(p, 'SubnetId');
      const room = capacity.get(`${type}@${subnet}`) ?? Number.POSITIVE_INFINITY;
      if (room < Number(leaf(p, 'MinCount')))
        throw new Ec2Error('InsufficientInstanceCapacity', `${type} has no capacity in ${subnet}`);
      const ids = boot(call, type, subnet, Number(leaf(p, 'MaxCount')), false);
      return `<instancesSet>${items(ids.map((id) => tag('instanceId', id)))}</instancesSet>`;
    },
    CreateFleet(call) {
      const { parameters: p } = call;
      const target = branch(p, 'TargetCapacitySpecification');
      const spot = leaf(target, 'DefaultTargetCapacityType') === 'spot';
      let missing = Number(leaf(target, 'TotalTargetCapacity'));
      const overrides = list(branch(p, 'LaunchTemplateConfigs'))
        .flatMap((config) => list(branch(config, 'Overrides')))
        .map((o) => ({ type: leaf(o, 'InstanceType'), subnet: leaf(o, 'SubnetId'), priority: Number(o.Priority ?? 0) }))
        .sort((a, b) => a.priority - b.priority);
      const came: string[] = [];
      const errors: string[] = [];
      for (const { type, subnet } of overrides) {
        if (missing === 0) break;
        const ids = boot(call, type, subnet, missing, spot);
        missing -= ids.length;
        const override = `<launchTemplateAndOverrides><overrides>${tag('instanceType', type)}${tag('subnetId', subnet)}</overrides></launchTemplateAndOverrides>`;
        if (ids.length > 0)
          came.push(`${override}${tag('instanceType', type)}<instanceIds>${items(ids)}</instanceIds>`);
        if (missing > 0) errors.push(`${override}${tag('errorCode', 'InsufficientInstanceCapacity')}`);
      }
      return `${tag('fleetId', 'fleet-1')}<fleetInstanceSet>${items(came)}</fleetInstanceSet><errorSet>${items(errors)}</errorSet>`;
    },
    DescribeInstances({ region, parameters }) {
      const filters = list(branch(parameters, 'Filter')).map((f) => ({
        key: leaf(f, 'Name').slice('tag:'.length),
        value: leaf(branch(f, 'Value'), '1'),
      }));
      const found = [...instances.values()].filter(
        (i) => i.region === region && filters.every(({ key, value }) => i.tags.get(key) === value),
      );
      // Two pages: the second half behind a token.
      const half = Math.ceil(found.length / 2);
      const second = parameters.NextToken === 'second';
      const page = second ? found.slice(half) : found.slice(0, half);
      return `<reservationSet>${items([`<instancesSet>${items(page.map(describe))}</instancesSet>`])}</reservationSet>${
        second || half === found.length ? '' : tag('nextToken', 'second')
      }`;
    },
    DescribeSubnets: ({ region }) =>
      `<subnetSet>${items(zonesPerRegion.map((z) => tag('subnetId', subnetOf(region, z)) + tag('availabilityZone', `${region}${z}`)))}</subnetSet>`,
    DescribeSpotPriceHistory({ region, parameters }) {
      const asked = Object.values(branch(parameters, 'InstanceType'));
      const found = spotPrices.filter(({ type, zone }) => zone.startsWith(region) && asked.includes(type));
      // A page per price.
      const at = Number(parameters.NextToken ?? 0);
      const page = found
        .slice(at, at + 1)
        .map(
          ({ type, zone, usdPerHour }) =>
            tag('instanceType', type) + tag('availabilityZone', zone) + tag('spotPrice', usdPerHour),
        );
      const next = at + 1 < found.length ? tag('nextToken', String(at + 1)) : '';
      return `<spotPriceHistorySet>${items(page)}</spotPriceHistorySet>${next}`;
    },
    StartInstances: (call) =>
      change(call, (instance) => {
        if (instance.state !== 'stopped') throw new Ec2Error('IncorrectInstanceState', `${instance.id} is not stopped`);
        const key = `${instance.type}@${instance.subnet}`;
        const room = capacity.get(key) ?? Number.POSITIVE_INFINITY;
        if (room < 1) throw new Ec2Error('InsufficientInstanceCapacity');
        capacity.set(key, room - 1);
        return 'running';
      }),
    StopInstances: (call) =>
      change(call, (instance) => {
        if (instance.spot) throw new Ec2Error('UnsupportedOperation', 'a one-time spot instance cannot be stopped');
        return 'stopped';
      }),
    TerminateInstances: (call) => change(call, () => 'terminated'),
    CreateTags({ parameters }) {
      for (const id of Object.values(branch(parameters, 'ResourceId'))) {
        for (const t of list(branch(parameters, 'Tag')))
          instances.get(String(id))?.tags.set(leaf(t, 'Key'), leaf(t, 'Value'));
      }
      return tag('return', 'true');
    },
  };

  /** All or none, as EC2 does it. */
  function change(call: Ec2Call, next: (instance: FakeInstance) => string): string {
    const ids = Object.values(branch(call.parameters, 'InstanceId')).map(String);
    const unknown = ids.filter((id) => instances.get(id)?.region !== call.region);
    if (unknown.length > 0)
      throw new Ec2Error('InvalidInstanceID.NotFound', `The instance IDs '${unknown.join(', ')}' do not exist`);
    const before = new Map(capacity);
    try {
      const states = ids.map((id) => next(instances.get(id)!));
      ids.forEach((id, i) => {
        const instance = instances.get(id)!;
        instance.state = states[i]!;
        if (states[i] === 'running') instance.launchedAtMs = Date.now();
      });
    } catch (error) {
      capacity.clear();
      for (const [key, room] of before) capacity.set(key, room);
      throw error;
    }
    return `<instancesSet>${items(ids.map((id) => tag('instanceId', id)))}</instancesSet>`;
  }

  function answer(call: Ec2Call): string {
    const failing = failures.get(call.action);
    if (failing !== undefined) {
      failing.times -= 1;
      if (failing.times <= 0) failures.delete(call.action);
      throw new Ec2Error(failing.code, failing.message);
    }
    const { ClientToken: token, ...rest } = call.parameters;
    const asked = JSON.stringify(rest);
    const earlier = typeof token === 'string' ? tokens.get(`${call.action} ${token}`) : undefined;
    if (earlier !== undefined) {
      if (earlier.asked !== asked) throw new Ec2Error('IdempotentParameterMismatch');
      return earlier.answer;
    }
    const body = actions[call.action]?.(call);
    if (body === undefined) throw new Ec2Error('InvalidAction', `${call.action} is not known here`);
    if (typeof token === 'string') tokens.set(`${call.action} ${token}`, { asked, answer: body });
    return body;
  }

  const server = createServer(async (request, response) => {
    const parameters = nested(new URLSearchParams(await text(request)));
    const region = /Credential=[^/]+\/\d+\/([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const call = { action: leaf(parameters, 'Action'), region, parameters };
    calls.push(call);
    if (silent.has(region)) return;
    try {
      reply(response, 200, `<${call.action}Response><requestId>r</requestId>${answer(call)}</${call.action}Response>`);
    } catch (error) {
      const { code, message } = error as Ec2Error;
      const body = `<Response><Errors><Error>${tag('Code', code)}${tag('Message', message)}</Error></Errors><RequestID>r</RequestID></Response>`;
      reply(response, 400, body);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    instances,
    capacity,
    spotPrices,
    silent,
    fail: (action, code, { times = Number.POSITIVE_INFINITY, message = code } = {}) =>
      void failures.set(action, { code, times, message }),
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function describe(instance: FakeInstance): string {
  const tags = [...instance.tags].map(([key, value]) => tag('key', key) + tag('value', value));
  return [
    tag('instanceId', instance.id),
    tag('instanceType', instance.type),
    instance.spot ? tag('instanceLifecycle', 'spot') : '',
    `<placement>${tag('availabilityZone', instance.subnet.slice('subnet-'.length))}</placement>`,
    `<instanceState>${tag('name', instance.state)}</instanceState>`,
    tag('launchTime', new Date(instance.launchedAtMs).toISOString()),
    `<tagSet>${items(tags)}</tagSet>`,
  ].join('');
}

/** Tags that a call puts on resources of a kind. */
export function tagsFor(call: Ec2Call, resource: string): Map<string, string> {
  const own = list(branch(call.parameters, 'TagSpecification')).find((s) => leaf(s, 'ResourceType') === resource);
  return new Map(list(own === undefined ? {} : branch(own, 'Tag')).map((t) => [leaf(t, 'Key'), leaf(t, 'Value')]));
}

const tag = (name: string, value: string): string =>
  `<${name}>${value.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</${name}>`;
const items = (bodies: readonly string[]): string => bodies.map((body) => `<item>${body}</item>`).join('');

export const branch = (tree: Tree, key: string): Tree => {
  const value = tree[key];
  return typeof value === 'object' ? value : {};
};
export const leaf = (tree: Tree, key: string): string => {
  const value = tree[key];
  return typeof value === 'string' ? value : '';
};
/** A list's elements in order. */
export const list = (tree: Tree): Tree[] =>
  Object.keys(tree)
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => branch(tree, key));

function nested(parameters: URLSearchParams): Tree {
  const tree: Tree = {};
  for (const [path, value] of parameters) {
    const names = path.split('.');
    let node = tree;
    for (const name of names.slice(0, -1)) {
      const next = branch(node, name);
      node[name] = next;
      node = next;
    }
    node[names.at(-1)!] = value;
  }
  return tree;
}

function reply(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/xml' });
  response.end(body);
}
