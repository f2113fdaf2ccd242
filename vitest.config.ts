/** How the tests run. `ZVERSE_TEST_REPORT` names a file for the counts that CI prints. */
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const report = process.env.ZVERSE_TEST_REPORT

export default defineConfig({
  test: {
    include: ['spec/**/*.spec.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A process for each file: the address space that databases reserve would add up, and a process with more
    // of it than the machine has memory cannot start others.
    pool: 'forks',
    // Left to itself it takes one less than there are cores: of two, one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: report ? ['default', 'json'] : ['default'],
    outputFile: report ? { json: report } : {},
  },
})
