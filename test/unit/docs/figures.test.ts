import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '../../support/markdown.ts';

const read = (path: string) => readFileSync(join(repository, path), 'utf8');

/** Rows of the README's table and what the committed experiment calls them. */
const contestants = {
  'OaaS, session dispatch': 'OaaS session',
  'OaaS, exact dispatch': 'OaaS exact',
  'the IoT paper’s threshold, least outstanding': 'IoT threshold, least outstanding',
  'target tracking at 70 %, round robin': 'target tracking, round robin (0.7)',
  'concurrency with panic window, least outstanding': 'concurrency, least outstanding',
  'the OaaS paper’s algorithm, told every rate in advance': 'paper, oracle',
  'target tracking at 50 %, round robin': 'target tracking, round robin (0.5)',
};

/** The table of `half-the-rent` by contestant, as docs/experiments has it. */
function experiment(): Map<string, Record<string, number>> {
  const rows = read('docs/experiments/half-the-rent/README.md')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const head = rows.findIndex((cells) => cells[0] === 'contestant');
  const names = rows[head]!;
  return new Map(
    rows
      .slice(head + 2)
      .map((cells) => [cells[0]!, Object.fromEntries(names.map((name, i) => [name, Number(cells[i])]))]),
  );
}

describe('the README', () => {
  it('says of every policy what the experiment found', () => {
    const found = experiment();
    const table = read('README.md')
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2)
      .map((line) =>
        line
          .replace(/[*`]/g, '')
          .replaceAll("'", '’')
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    const expected = Object.entries(contestants).map(([row, name]) => {
      const { rentOverBound, costOverBound, slotsWithin } = found.get(name)!;
      return [row, rentOverBound!.toFixed(2), costOverBound!.toFixed(2), `${(slotsWithin! * 100).toFixed(0)} %`];
    });
    expect(table).toEqual(expected);
  });
});
