import { defineConfig } from 'vitest/config';

/**
 * `npm test` runs everything quick that needs only Node. The others need time or parts that others wrote, each has its
 * script `npm run test:NAME` and its folder `test/NAME`: heavy (grids against the simulator, Ciw, real processes under
 * load), aws (moto, DynamoDB Local), android (Maven), browser (Chromium), faults (the promises under failure).
 */
const suites = ['quick', 'heavy', 'aws', 'android', 'browser', 'faults'];
const suite = process.env.OAAS_TEST_SUITE ?? 'quick';
if (!suites.includes(suite)) throw new Error(`OAAS_TEST_SUITE is ${suite}; it must be one of ${suites.join(', ')}.`);
const quick = suite === 'quick';

export default defineConfig({
  test: {
    include: [`test/${quick ? '{unit,property,contract,integration,e2e,infra}' : suite}/**/*.test.ts`],
    setupFiles: ['test/support/seed.ts'],
    // The others measure or run whole systems: nothing runs beside them.
    fileParallelism: quick,
    maxWorkers: 2,
    testTimeout: quick ? 60_000 : 600_000,
    hookTimeout: quick ? 60_000 : 600_000,
    reporters: process.env.CI ? ['default', ['json', { outputFile: `out/test/${suite}.json` }]] : ['default'],
  },
});
