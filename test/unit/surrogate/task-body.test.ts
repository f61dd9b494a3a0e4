import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { taskRequestSchema } from '../../../lib/ports/contracts/wire.ts';
import { readAnswer } from '../../../surrogate/isolation/answer.ts';
import { parseTaskBody, plainTask } from '../../../surrogate/tasks/task-body.ts';

const plain = { requestId: 'r', method: 'm', args: { type: 'application/json', json: [1] } };

describe('the body of a task', () => {
  it('of the common shape is read without the schema, with its defaults', () => {
    expect(plainTask(plain)).toEqual({ ...plain, deadlineMs: 30_000 });
    expect(parseTaskBody(Buffer.from(JSON.stringify({ ...plain, deadlineMs: 5 })))).toMatchObject({ deadlineMs: 5 });
  });

  it('with state or bytes is read by the schema', () => {
    const body = {
      ...plain,
      args: { type: 'image/png', base64: 'AA==' },
      state: { type: 'application/json', json: 1 },
    };
    expect(plainTask(body)).toBeNull();
    expect(parseTaskBody(Buffer.from(JSON.stringify(body)))).toEqual({ ...body, deadlineMs: 30_000 });
  });

  it('is read by hand only as the schema reads it', () => {
    const odd = fc.oneof(
      fc.string(),
      fc.constantFrom(undefined, null, 0, -1, Number.NaN, 4e6, 'x'.repeat(101), [], {}),
    );
    const argument = fc.oneof(
      odd,
      fc.record({ type: fc.constantFrom('application/json', 'x'), json: odd }),
      fc.object(),
    );
    const mutated = fc
      .record(
        {
          requestId: fc.oneof(fc.constant('r'), odd),
          method: fc.oneof(fc.constant('m'), odd),
          args: fc.oneof(fc.constant(plain.args), argument),
          deadlineMs: fc.oneof(fc.constant(5), odd),
          extra: odd,
        },
        { requiredKeys: [] },
      )
      .map((value): unknown => JSON.parse(JSON.stringify(value)));
    fc.assert(
      fc.property(fc.oneof(mutated, fc.jsonValue()), (value) => {
        const read = plainTask(value);
        if (read !== null) expect(taskRequestSchema.parse(value)).toEqual(read);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a runner's answer", () => {
  const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));
  const result = { type: 'application/json', json: null };

  it('is read with only its known members', () => {
    const answer = { ok: true, cpuUs: 5, result: { ...result, more: 1 }, timings: {} };
    expect(readAnswer(bytes(answer))).toEqual({ ok: true, cpuUs: 5, result, state: undefined });
    expect(readAnswer(bytes({ ok: false, cpuUs: 0, error: 'no' }))).toEqual({ ok: false, cpuUs: 0, error: 'no' });
  });

  it.each([
    ['no JSON', Buffer.from('{')],
    ['null', bytes(null)],
    ['without a verdict', bytes({ cpuUs: 1, result })],
    ['with negative CPU', bytes({ ok: true, cpuUs: -1, result })],
    ['without a result', bytes({ ok: true, cpuUs: 1 })],
    ['with a result of no type', bytes({ ok: true, cpuUs: 1, result: { json: 1 } })],
    ['with a state of another shape', bytes({ ok: true, cpuUs: 1, result, state: 7 })],
    ['with an error that is no text', bytes({ ok: false, cpuUs: 1, error: {} })],
  ])('%s is not understood', (_name, frame) => {
    expect(readAnswer(frame)).toBeNull();
  });
});
