/** How the tests run. `ZVERSE_TEST_REPORT` names a file for the counts that CI prints. */
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { ALONE_FILES } from './spec/support/alone.js'
import { BUILT, built } from './spec/support/built.js'
import { DearestFirst } from './spec/support/order.js'
import { Slowest } from './spec/support/slowest.js'

const report = process.env.ZVERSE_TEST_REPORT

export default defineConfig({
  plugins: [built],
  test: {
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE_FILES } },
      {
        extends: true,
        test: {
          ...{ name: 'together', include: ['spec/**/*.spec.ts'], exclude: ALONE_FILES },
          isolate: false,
        },
      },
    ],
    globalSetup: 'spec/support/built.ts',
    server: { deps: { external: [BUILT] } },
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // Left to itself it takes one less than there are cores: of two, one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    sequence: { sequencer: DearestFirst },
    env: {
      // Tests open thousands of databases. glibc takes what it once gave back below 32 MiB from its heap and
      // writes zeros over all of it: 12 ms for 16 MiB. What it maps is zero, and is touched where it is used.
      MALLOC_MMAP_THRESHOLD_: String(2 ** 18),
    },
    reporters: ['default', ...(report ? ['json'] : []), new Slowest()],
    outputFile: report ? { json: report } : {},
  },
})
