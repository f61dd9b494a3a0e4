import fc from 'fast-check';

// The same cases on every run, so that a red run says something about the change; OAAS_TEST_SEED=N looks elsewhere.
fc.configureGlobal({ seed: Number(process.env.OAAS_TEST_SEED ?? 1) });
