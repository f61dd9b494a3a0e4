// Adds up vitest's JSON reports and prints the closing line of .ci/run. A step that failed without a failing test counts too.
import { readFileSync } from 'node:fs';

const [failedSteps, ...files] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedSteps);
for (const file of files) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    for (const suite of report.testResults.filter((s) => s.status === 'failed')) console.log(`failed: ${suite.name}`);
  } catch (error) {
    failed += 1;
    console.log(`no test report ${file}: ${error.message}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
