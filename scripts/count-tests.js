// Adds up vitest's JSON reports and prints the closing line of .ci/run. A step that failed without a failing test counts too.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const firstLine = (text) => text.split('\n', 1)[0].slice(0, 300);

const [failedSteps, ...files] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedSteps);
for (const file of files) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    for (const suite of report.testResults.filter((s) => s.status === 'failed')) {
      console.log(`failed: ${relative(process.cwd(), suite.name)}`);
      if (suite.message) console.log(`  ${firstLine(suite.message)}`);
      for (const test of suite.assertionResults.filter((t) => t.status === 'failed')) {
        console.log(`  ${test.fullName}: ${firstLine(test.failureMessages[0] ?? '')}`);
      }
    }
  } catch (error) {
    failed += 1;
    console.log(`no test report ${file}: ${error.message}`);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
