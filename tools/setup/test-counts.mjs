/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * Counts what vitest's JSON report says. A file that could not be loaded, and a run that failed for a
 * reason that no test shows, count as one failure each.
 *
 * @param {string | undefined} report
 * @param {number} status  vitest's exit status.
 * @returns {Counts}
 */
export function countVitest(report, status) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(report);
  const unloaded = testResults.filter(
    (/** @type {{ status: string, assertionResults: { status: string }[] }} */ file) =>
      file.status === 'failed' && !file.assertionResults.some((result) => result.status === 'failed'),
  ).length;
  return {
    passed: numPassedTests,
    failed: atLeastOne(numFailedTests + unloaded, status),
    skipped: numPendingTests + numTodoTests,
  };
}

/**
 * Counts what pytest's JUnit report says; a run without a report counts as one failure.
 *
 * @param {string | undefined} report
 * @param {number} status  pytest's exit status.
 * @returns {Counts}
 */
export function countPytest(report, status) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const suite = /<testsuite\b[^>]*>/.exec(report)?.[0] ?? '';
  const [tests = 0, failures = 0, errors = 0, skipped = 0] = ['tests', 'failures', 'errors', 'skipped'].map(
    (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0),
  );
  return {
    passed: tests - failures - errors - skipped,
    failed: atLeastOne(failures + errors, status),
    skipped,
  };
}

/**
 * @param {number} failed
 * @param {number} status
 */
function atLeastOne(failed, status) {
  return failed === 0 && status !== 0 ? 1 : failed;
}
