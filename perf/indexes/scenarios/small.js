// @ts-check
/**
 * The same on a small set, a fiftieth of `--keys` (20 000 of a million) for every system: where Dexie over
 * fake-indexeddb can take part.
 */
import { asking, draw, LIMIT } from '../asking.js'
import { Answers, makeUsers, SHARING } from '../data.js'
import { INDEXES } from '../stage.js'

const PART = 50
const DRAWS = 1000
/** Of a round: a single one would be mostly warming up. */
const FILLS = 5

/** @type {import('../stage.js').Scenario} */
export const small = {
  name: 'index-small',
  title: `a set of a fiftieth of the keys`,
  figures: {
    put: { what: 'in one transaction with one index, a put', unit: 'µs' },
    equal: { what: `${SHARING} entries with one index key, an entry`, unit: 'µs' },
    keys: { what: `${SHARING} keys with one index key, a key`, unit: 'µs' },
    range: { what: `range of ${LIMIT} in index order, an entry`, unit: 'µs' },
    get: { what: 'get by a unique index', unit: 'µs' },
  },
  small: true,
  note: 'all systems have so many keys; Dexie is over fake-indexeddb',
  async start(stage) {
    const set = makeUsers(Math.max(SHARING, Math.round(stage.count / PART)), stage.seed)
    const { keys, users } = set
    const answers = new Answers(keys, users)
    const store = await stage.system.open({ keys: keys.length, indexes: INDEXES })
    stage.after(() => store.close())
    await store.putAll(keys, store.documents?.(keys, users) ?? users)
    const { cities, scores, emails } = draw(DRAWS, set)
    const from = (/** @type {number} */ score) => store.from(score, LIMIT)
    const right = (/** @type {number} */ score) => answers.from(score, LIMIT)
    return {
      put: stage.filling(set, ['city'], answers, FILLS),
      equal: await asking(stage, SHARING, cities, store.equal, answers.equal),
      keys: await asking(stage, SHARING, cities, store.keysOf, answers.keysOf),
      range: await asking(stage, LIMIT, scores, from, right),
      get: await asking(stage, 1, emails, store.find, answers.find),
    }
  },
}
