import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { eastAsia, synth } from './synth.ts';

const { template } = synth([eastAsia]);
const region = template('Oaas-Region-east-asia');
const place = template('Oaas-DataCentre-east-asia-ap-northeast-1');

interface Statement {
  Sid?: string;
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

/** Every statement of roles whose logical id contains the text. */
function statements(of: Template, role: string): Statement[] {
  return Object.values(of.findResources('AWS::IAM::Policy'))
    .filter(({ Properties }) => JSON.stringify(Properties.Roles).includes(role))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
}
const actionsOf = (list: readonly Statement[]): string[] => list.flatMap((s) => s.Action).sort();
const having = (list: readonly Statement[], action: string) => list.filter((s) => [s.Action].flat().includes(action));

const ec2Adapter = fileURLToPath(new URL('../../lib/adapters/aws/ec2/', import.meta.url));

describe('a surrogate', () => {
  it('requires IMDSv2 with one hop, encrypts its disk and shows its tags to the agent', () => {
    const templates = Object.values(place.findResources('AWS::EC2::LaunchTemplate'));
    expect(templates).toHaveLength(2);
    for (const { Properties } of templates) {
      const data = Properties.LaunchTemplateData;
      expect(data.MetadataOptions).toMatchObject({
        HttpTokens: 'required',
        HttpPutResponseHopLimit: 1,
        InstanceMetadataTags: 'enabled',
      });
      expect(data.BlockDeviceMappings).toHaveLength(1);
      expect(data.BlockDeviceMappings[0].Ebs).toMatchObject({ Encrypted: true, DeleteOnTermination: true });
      expect(data.UserData).toBeUndefined();
      expect(data.KeyName).toBeUndefined();
      // Else RunInstances could not name a subnet.
      expect(data.NetworkInterfaces).toBeUndefined();
      expect(data.SecurityGroupIds).toHaveLength(1);
    }
  });

  it('may write its own heartbeat row and read bundles, nothing else', () => {
    const list = statements(place, 'SurrogateRole');
    expect(actionsOf(list)).toEqual(['dynamodb:PutItem', 's3:GetObject']);
    expect(having(list, 'dynamodb:PutItem')[0]?.Condition).toEqual({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable of IAM
      'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['heartbeat#${ec2:SourceInstanceARN}'] },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    });
    expect(JSON.stringify(having(list, 's3:GetObject')[0]?.Resource)).toMatch(/\/bundles\/\*"/);
  });

  it('is reachable at one port', () => {
    const [group] = Object.values(place.findResources('AWS::EC2::SecurityGroup'));
    const ports = group!.Properties.SecurityGroupIngress.map((rule: { FromPort: number; ToPort: number }) => [
      rule.FromPort,
      rule.ToPort,
    ]);
    expect(ports).toEqual([
      [8443, 8443],
      [8443, 8443],
    ]);
  });
});

describe('the scaler', () => {
  const list = statements(region, 'FunctionsScaler');

  it('launches only with our tag, from our templates', () => {
    const launches = having(list, 'ec2:RunInstances');
    expect(launches.length).toBeGreaterThan(0);
    for (const { Condition } of launches) {
      const conditions = JSON.stringify(Condition);
      expect(conditions).toMatch(/aws:RequestTag\/oaas-owner|aws:ResourceTag\/oaas-owner|ec2:LaunchTemplate/);
    }
    // A fleet needs a template and a tag as well; where it puts its machines has no condition key.
    const fleets = having(list, 'ec2:CreateFleet').filter((s) => s.Condition === undefined);
    expect(fleets.map((s) => JSON.stringify(s.Resource).match(/:(instance|launch-template|volume|fleet)\//))).toEqual([
      null,
    ]);
    const templates = having(list, 'ec2:CreateFleet').filter((s) => JSON.stringify(s).includes(':launch-template/*'));
    expect(templates.map((s) => s.Condition)).toContainEqual({
      StringEquals: { 'aws:ResourceTag/oaas-owner': 'oaas' },
    });
    const instances = launches.find((s) => JSON.stringify(s.Resource).includes(':instance/*'));
    expect(instances?.Condition).toEqual({ StringEquals: { 'aws:RequestTag/oaas-owner': 'oaas' } });
  });

  it('ends, stops and starts only what carries our tag', () => {
    for (const action of ['ec2:TerminateInstances', 'ec2:StopInstances', 'ec2:StartInstances']) {
      const found = having(list, action);
      expect(found).toHaveLength(1);
      expect(found[0]?.Condition).toEqual({ StringEquals: { 'aws:ResourceTag/oaas-owner': 'oaas' } });
    }
  });

  it('passes one role, to EC2', () => {
    const [pass, ...more] = having(list, 'iam:PassRole');
    expect(more).toEqual([]);
    expect(JSON.stringify(pass?.Resource)).toContain(':role/oaas-surrogate-east-asia-ap-northeast-1');
    expect(pass?.Condition).toEqual({ StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } });
  });

  it('may make the service-linked roles that the first fleet and the first spot machine of an account need, no other', () => {
    const [linked, ...more] = having(list, 'iam:CreateServiceLinkedRole');
    expect(more).toEqual([]);
    expect(linked?.Condition).toEqual({
      StringEquals: { 'iam:AWSServiceName': ['ec2fleet.amazonaws.com', 'spot.amazonaws.com'] },
    });
    expect(JSON.stringify(linked?.Resource)).toMatch(
      /:role\/aws-service-role\/ec2fleet.+:role\/aws-service-role\/spot/,
    );
  });

  it('tags only while creating, later only what depends on the type, on its own machines', () => {
    const [creating, again, ...more] = having(list, 'ec2:CreateTags');
    expect(more).toEqual([]);
    expect(creating?.Condition).toEqual({ StringEquals: { 'ec2:CreateAction': ['RunInstances', 'CreateFleet'] } });
    expect(again?.Condition).toEqual({
      StringEquals: { 'aws:ResourceTag/oaas-owner': 'oaas' },
      'ForAllValues:StringEquals': {
        'aws:TagKeys': ['oaas-offer', 'oaas-cores', 'oaas-core-speed', 'oaas-memory-mib'],
      },
    });
    expect(JSON.stringify(again?.Resource)).not.toMatch(/volume|fleet/);
  });

  it('asks EC2 for nothing that its code does not call, and may all that it calls', () => {
    const called = readdirSync(ec2Adapter)
      .flatMap((file) => [...readFileSync(join(ec2Adapter, file), 'utf8').matchAll(/new (\w+)Command\(/g)])
      .map((match) => `ec2:${match[1]}`);
    const allowed = actionsOf(list).filter((action) => action.startsWith('ec2:'));
    expect(new Set(allowed)).toEqual(new Set(called));
  });

  it('has no wildcard action, nor has any other role', () => {
    for (const of of [region, place]) {
      const all = Object.values(of.findResources('AWS::IAM::Policy')).flatMap(
        ({ Properties }) => Properties.PolicyDocument.Statement as Statement[],
      );
      expect(actionsOf(all).filter((action) => action.endsWith(':*') || action === '*')).toEqual([]);
    }
  });
});

describe('the other functions', () => {
  it('each write only their part of the configuration', () => {
    const leading = (role: string) =>
      having(statements(region, role), 'dynamodb:PutItem')
        .filter((s) => JSON.stringify(s.Resource).includes('-config'))
        .map((s) => s.Condition?.['ForAllValues:StringEquals']?.['dynamodb:LeadingKeys']);
    expect(leading('FunctionsPrices')).toEqual([['price']]);
    expect(leading('FunctionsScaler')).toEqual([['region', 'sla', 'group']]);
    for (const role of [
      'FunctionsClassifier',
      'FunctionsGroupController',
      'FunctionsInterruptions',
      'FunctionsAuthorizer',
    ])
      expect(leading(role)).toEqual([]);
  });

  it('admin alone serves bundles, may tell an absent one from a forbidden one, and deletes none', () => {
    const roles = Object.keys(region.findResources('AWS::IAM::Role'));
    const s3 = roles.filter((role) => actionsOf(statements(region, role)).some((action) => action.startsWith('s3:')));
    expect(s3).toHaveLength(1);
    const actions = actionsOf(statements(region, s3[0]!)).filter((action) => action.startsWith('s3:'));
    expect(actions).toEqual(['s3:GetObject', 's3:ListBucket', 's3:PutObject']);
  });

  it('only the key function writes ticket keys, and only controllers read them', () => {
    const roles = Object.keys(region.findResources('AWS::IAM::Role'));
    const who = (action: string) => roles.filter((role) => having(statements(region, role), action).length > 0);
    expect(who('ssm:PutParameter').every((role) => role.includes('TicketKeys'))).toBe(true);
    expect(who('ssm:PutParameter')).toHaveLength(1);
    expect(who('ssm:GetParameter').some((role) => /Prices|Authorizer/.test(role))).toBe(false);
  });
});

describe('ticket keys', () => {
  it('are in no template and no output: the parameter is made at run time', () => {
    const parameters = Object.values(region.findResources('AWS::SSM::Parameter'));
    expect(parameters.filter(({ Properties }) => String(Properties.Name).includes('ticket-keys'))).toEqual([]);
    expect(JSON.stringify(region.toJSON())).not.toMatch(/PRIVATE KEY/);
    expect(Object.keys(region.toJSON().Outputs as object)).toEqual(['EndpointUrl']);
  });
});

describe('the endpoint', () => {
  const routes = Object.values(region.findResources('AWS::ApiGatewayV2::Route')).map(({ Properties }) => ({
    key: Properties.RouteKey as string,
    auth: (Properties.AuthorizationType as string | undefined) ?? 'NONE',
  }));

  it('is public in four routes, open to devices in placements and invocations, to IAM in the rest', () => {
    const keys = (auth: string) => routes.filter((route) => route.auth === auth).map((route) => route.key);
    expect(keys('NONE').sort()).toEqual(['GET /v1/keys', 'GET /v1/openapi.json', 'GET /v1/ping', 'GET /v1/regions']);
    expect(keys('CUSTOM').sort()).toEqual([
      'POST /v1/groups/general/placements',
      'POST /v1/invocations',
      'POST /v1/placements',
    ]);
    expect(keys('AWS_IAM')).toHaveLength(routes.length - 7);
  });

  it('is throttled and logged', () => {
    region.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 2000 },
      AccessLogSettings: Match.objectLike({ Format: Match.stringLikeRegexp('requestId') }),
    });
  });

  it('takes tokens of an issuer instead of keys when told so', () => {
    const deviceAuth = { kind: 'jwt', issuer: 'https://id.example.org/', audience: ['oaas'] };
    const own = synth([eastAsia], { deviceAuth }).template('Oaas-Region-east-asia');
    own.hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      AuthorizerType: 'JWT',
      JwtConfiguration: { Issuer: deviceAuth.issuer, Audience: ['oaas'] },
    });
    expect(JSON.stringify(own.findResources('AWS::Lambda::Function'))).not.toContain('Device keys');
  });
});

describe('the schedules', () => {
  it('tick once per slot from the aligned start, drop what is late, keep what failed', () => {
    region.hasResourceProperties('AWS::Scheduler::Schedule', {
      ScheduleExpression: 'rate(10 minutes)',
      StartDate: '2026-01-01T00:08:30.000Z',
      Target: Match.objectLike({
        DeadLetterConfig: Match.anyValue(),
        RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 1 },
      }),
    });
  });

  it('reserve no concurrency: a new account has ten', () => {
    const functions = Object.values(region.findResources('AWS::Lambda::Function'));
    expect(functions.filter((f) => f.Properties.ReservedConcurrentExecutions !== undefined)).toEqual([]);
    for (const { Properties } of functions) expect(Properties.TracingConfig).toEqual({ Mode: 'Active' });
  });
});

describe('alarms', () => {
  it('each have a section of the runbook', async () => {
    const { readFile } = await import('node:fs/promises');
    const runbook = await readFile(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
    const names = Object.values(region.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) =>
      (Properties.AlarmName as string).split('-').at(-1),
    );
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const section = runbook.split(/^## /m).find((text) => text.startsWith(`${name}\n`)) ?? '';
      for (const part of ['Description', 'Investigation', 'Resolution']) expect(section).toContain(`**${part}.**`);
    }
  });
});
