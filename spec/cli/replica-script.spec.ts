/** The command on replicas: whatever is typed, it says what it says on a database of its own. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { end, logNamed, nodeOf, promptOn, said } from './replicas.js'
import { Prompt } from './saying.js'

const RUNS = Number(process.env.ZVERSE_RUNS ?? 40)
const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 30))

const key = fc.constantFrom('a', 'b', 'c', 'd', '["a","","b"]', '["b","x","c"]')
const view = fc.constantFrom('0', '1', '2', '3', '-1', '-2', 'now', 'one', 'two')
const value = fc.constantFrom(
  '1',
  '2',
  'text',
  '{"n": 1, "v": [1, 2]}',
  '{"n": 2}',
  '{"n": "x"}',
  '[1,',
)
const store = fc.constantFrom('users', 'roads', 'other')
const NODE = fc.constantFrom('a', 'b', 'c')
const line = (parts: TemplateStringsArray, ...words: fc.Arbitrary<string>[]) =>
  fc.tuple(...words).map(all => String.raw({ raw: parts }, ...all))

const FUNCTION = fc.constantFrom(
  "'n => (n?.n ?? 0) + 1'",
  "'() => undefined'",
  "'x'",
  "'() => { throw new Error(1) }'",
)
const MAKING = fc.constantFrom('', '--unique', '--multi', '--invalid skip')

const LINES = fc.oneof(
  { weight: 6, arbitrary: line`put ${key} ${value}` },
  { weight: 2, arbitrary: line`delete ${key}` },
  line`put ${key} ${value} --if-version ${fc.constantFrom('1', '2', '3', 'absent')}`,
  line`delete ${key} --if-version ${fc.constantFrom('1', '2')}`,
  line`update ${key} ${FUNCTION}`,
  line`batch put ${key} ${value}; del ${key}; put ${key} ${value}`,
  line`batch [{"type":"put","key":"a","value":1},{"type":"del","key":"b","ifVersion":1}]`,
  line`clear --prefix ${fc.constantFrom('a', 'b')}`,
  fc.constantFrom(
    'clear',
    'versions',
    'range',
    'count',
    'stores',
    'indexes',
    'graph',
    'dump',
    'sync',
  ),
  line`tag ${fc.constantFrom('one', 'two', 'now')} ${view}`,
  line`untag ${fc.constantFrom('one', 'two')}`,
  line`restore ${view}`,
  line`prune ${view}`,
  line`at ${view}`,
  fc.constantFrom(
    'now',
    'store',
    'restore',
    'at',
    'pin',
    'commit',
    'abort',
    'keys-as',
    'values-as string',
  ),
  line`store ${store} ${fc.constantFrom('', '--keys tuple', '--values json')}`,
  line`stores --drop ${store}`,
  line`graph ${store}`,
  line`link ${NODE} ${NODE} ${fc.constantFrom('', '3', '{"km": 2}')}`,
  line`unlink ${NODE} ${NODE}`,
  line`unlink ${NODE} --all`,
  line`neighbours ${NODE}`,
  line`index ${fc.constantFrom('n', 'm')} ${fc.constantFrom('n', 'v')} ${MAKING}`,
  line`index near v --vector --dims 2`,
  line`drop-index ${fc.constantFrom('n', 'm', 'near')}`,
  line`where n = ${fc.constantFrom('1', '2')}`,
  line`history ${key}`,
  line`get ${key} --at ${view}`,
  line`diff ${view} ${view}`,
  fc.constantFrom('watch', 'watch off', 'unpin 1', 'unpin 2'),
)

describe('a session on a replica', () => {
  it.each(['plain', 'json', 'terminal'] as const)(
    'says what one of its own says: %s',
    async form => {
      await fc.assert(
        fc.asyncProperty(fc.array(LINES, { minLength: 1, maxLength: 40 }), async lines => {
          const plain = new Prompt('msgpack', form)
          const joining = logNamed('shop')
          const replica = await promptOn(joining, form)
          const other = await nodeOf(joining)
          for (const typed of ['put a 1', ...lines]) {
            const [expected, got] = [await plain.say(typed), await replica.say(typed)]
            expect(said(got), typed).toBe(said(expected))
          }
          const { db } = replica.session
          await other.sync()
          const values = (one: object[]) => one.map(record => ({ ...record, timestamp: 0 }))
          expect(values([...db.dump()])).toEqual(values([...plain.session.db.dump()]))
          expect([...other.dump({ history: true })]).toEqual([...db.dump({ history: true })])
          await end(plain, replica)
          await other.close()
        }),
        { numRuns: RUNS, seed: SEED },
      )
    },
  )
})
