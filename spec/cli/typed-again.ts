/** Definitions of indexes as the prompt lists them: typed again, they make the same index. */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { IndexDefinition } from '../../lib/index.js'
import { Prompt } from './saying.js'

export async function typedAgain(definitions: fc.Arbitrary<unknown>, seed: number): Promise<void> {
  using prompt = new Prompt()
  const { db } = prompt.session
  await fc.assert(
    fc.asyncProperty(definitions, async definition => {
      db.index('x', definition as IndexDefinition)
      const [row] = await prompt.say('indexes')
      const [before] = db.indexes()
      db.dropIndex('x')
      const version = await prompt.say(`index x ${row.split('\t')[1]}`)
      expect(version).toEqual([String(db.version)])
      expect(db.indexes()).toEqual([before])
      db.dropIndex('x')
    }),
    { seed, numRuns: 100 },
  )
}
