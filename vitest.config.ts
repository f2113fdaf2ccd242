/** How the tests run. `ZVERSE_TEST_REPORT` names a file for the counts that CI prints. */
import { defineConfig } from 'vitest/config'

const report = process.env.ZVERSE_TEST_REPORT

export default defineConfig({
  test: {
    include: ['spec/**/*.spec.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'threads',
    reporters: report ? ['default', 'json'] : ['default'],
    outputFile: report ? { json: report } : {},
  },
})
