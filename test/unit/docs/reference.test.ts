import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { figureFolder, figures } from '../../../scripts/figures.ts';
import { referenceFolder, referencePages } from '../../../scripts/reference.ts';

it('docs/reference is what the schemas and the command line say (npm run docs:reference)', async () => {
  for (const [name, text] of Object.entries(await referencePages())) {
    expect(readFileSync(`${referenceFolder}${name}`, 'utf8'), name).toBe(text);
  }
});

it('docs/figures are what the model and the planner say (npm run docs:figures)', () => {
  for (const [name, svg] of Object.entries(figures())) {
    expect(readFileSync(`${figureFolder}${name}`, 'utf8'), name).toBe(svg);
  }
});
