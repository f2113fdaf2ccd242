/** Nested writes under jest, whose stacks babel has renamed (spec/bundles/nested.ts, built before). */
import { expect, test } from '@jest/globals'

test('nested writes', async () => {
  const { nested } = require(String(process.env.ZVERSE_NESTED))
  const { cases, faults } = await nested(require('../../../dist/index.js'), { brief: true })
  expect(faults).toEqual([])
  expect(cases).toBeGreaterThan(80)
}, 120_000)
