// @ts-check
/** What is asked: the users of a city, their keys, users in the order of scores, the user of an email. */
import { asking, DRAWS, draw, LIMIT } from '../asking.js'
import { SHARING } from '../data.js'

/** @typedef {import('../stage.js').Scenario} Scenario */

/** @type {Scenario[]} */
export const reads = [
  {
    name: 'index-equal',
    title: `${SHARING} entries with one index key, an entry`,
    figures: { time: 'µs' },
    async start(stage) {
      const store = await stage.loaded()
      const cities = draw(DRAWS, stage.set).cities
      return { time: await asking(stage, SHARING, cities, store.equal, stage.answers.equal) }
    },
  },
  {
    name: 'index-keys',
    title: `${SHARING} keys with one index key, a key`,
    figures: { time: 'µs' },
    async start(stage) {
      const store = await stage.filled({ indexes: ['city'], covering: true })
      const cities = draw(DRAWS, stage.set).cities
      return { time: await asking(stage, SHARING, cities, store.keysOf, stage.answers.keysOf) }
    },
  },
  {
    name: 'index-range',
    title: `range of ${LIMIT} entries in index order, an entry`,
    figures: { time: 'µs' },
    note: 'LokiJS, which has no such range, is told the last index key as well',
    async start(stage) {
      const { from } = await stage.loaded()
      const { answers, set } = stage
      const right = (/** @type {number} */ score) => answers.from(score, LIMIT)
      return {
        time: await asking(stage, LIMIT, draw(DRAWS, set).scores, one => from(one, LIMIT), right),
      }
    },
  },
  {
    name: 'index-get',
    title: 'get by a unique index',
    figures: { time: 'µs' },
    async start(stage) {
      const store = await stage.loaded()
      const { emails } = draw(10 * DRAWS, stage.set)
      return { time: await asking(stage, 1, emails, store.find, stage.answers.find) }
    },
  },
]
