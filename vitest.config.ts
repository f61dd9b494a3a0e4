import { defineConfig } from 'vitest/config';

/**
 * `npm test` runs everything quick that needs only Node; `npm run test:heavy` the long validations
 * (grids against the simulator, Ciw, real processes under load, sandboxes).
 */
const suite = process.env.OAAS_TEST_SUITE === 'heavy' ? 'heavy' : 'quick';

export default defineConfig({
  test: {
    include:
      suite === 'heavy'
        ? ['test/heavy/**/*.test.ts']
        : ['test/{unit,property,contract,integration,e2e,infra}/**/*.test.ts'],
    // Heavy suites measure: nothing runs beside them.
    fileParallelism: suite === 'quick',
    maxWorkers: 2,
    testTimeout: suite === 'heavy' ? 600_000 : 60_000,
    hookTimeout: 60_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: `out/test/${suite}.json` }]] : ['default'],
  },
});
