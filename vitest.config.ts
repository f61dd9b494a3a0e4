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
    // Only what hangs runs into them: many times what a slow and busy machine was seen to take.
    testTimeout: quick ? 300_000 : 1_800_000,
    hookTimeout: quick ? 300_000 : 1_800_000,
    // The others judge times and shares on a machine that is not theirs alone. Whoever stalls it spoils one measurement, hardly two;
    // a fault of the product fails both. Tests of what must never happen say `retry: 0`.
    retry: quick ? 0 : 1,
    reporters: process.env.CI ? ['default', ['json', { outputFile: `out/test/${suite}.json` }]] : ['default'],
  },
});
