// @ts-check
/**
 * Puts into the set, a commit of one each or transactions of a thousand, in turns: of users in another city, in a store
 * with an index of cities; of users in the same city there; and the same in a store without an index. Those that
 * move and those that stay have users of their own. zverse keeps its default history meanwhile, as in `put-commit`.
 */
import { Answers } from '../data.js'
import { look } from '../stage.js'

/** @typedef {import('../data.js').User} User */
/** @typedef {import('../stage.js').Store} Store */

/** Few: LokiJS looks through the whole index for each. */
const PUTS = 20
const BATCH = 1000
const SETTLING = 2000
const DRAWN = 100_000

/**
 * @callback Put puts some of the users
 * @param {Store} store
 * @param {readonly string[]} keys
 * @param {readonly User[]} users
 * @param {number} from
 * @param {number} to
 * @returns {void}
 */

/**
 * @param {import('../stage.js').IndexesStage} stage
 * @param {number} most puts of a run
 * @param {Put} put
 */
async function inTurns(stage, most, put) {
  const { keys, users, cities } = stage.set
  const indexed = await stage.filled({ indexes: ['city'] })
  const plain = await stage.filled({ indexes: [] })
  const half = Math.min(DRAWN, users.length >> 1)
  const puts = Math.min(most, half)
  const now = users.map((user, i) => (i < 2 * half ? { ...user } : user))
  const places = new Map(cities.map((city, place) => [city, place]))
  const home = now.slice(0, half).map(({ city }) => places.get(city) ?? 0)
  /**
   * @param {Store} store
   * @param {number} first of the users
   * @param {(user: User, at: number, pass: number) => void} change
   */
  const putting = (store, first, change) => {
    let at = 0
    let pass = 0
    const run = () => {
      const from = first + at
      for (let i = 0; i < puts; i++) change(now[from + i], at + i, pass)
      put(store, keys, now, from, from + puts)
      at += puts
      if (at + puts > half) {
        at = 0
        pass++
      }
      return puts
    }
    for (let done = 0; done < SETTLING; done += run());
    return run
  }
  /** @param {User} user */
  const visit = user => {
    user.visits++
  }
  const moved = putting(indexed, 0, (user, at, pass) => {
    user.city = cities[(home[at] + pass + 1) % cities.length]
  })
  const same = putting(indexed, half, visit)
  await look(indexed, cities, new Answers(keys, now))
  return { moved, same, bare: putting(plain, half, visit) }
}

const common = {
  figures: /** @type {const} */ ({
    moved: { what: 'that move the index key', unit: 'µs' },
    same: { what: 'that leave it', unit: 'µs' },
    bare: { what: 'no index', unit: 'µs' },
    ratio: { what: 'that leave it ÷ no index, time', unit: '×' },
    'moved ratio': { what: 'that move it ÷ no index, time', unit: '×' },
  }),
  ratios: /** @type {Record<string, [string, string]>} */ ({
    ratio: ['same', 'bare'],
    'moved ratio': ['moved', 'bare'],
  }),
  ...{ inTurns: ['moved', 'same', 'bare'], longer: 2 },
}

/** @type {import('../stage.js').Scenario[]} */
export const commits = [
  {
    ...{ name: 'index-commit', title: 'single-put commits with an index', ...common },
    needs: ['put'],
    start: stage =>
      inTurns(stage, PUTS, ({ put }, keys, users, from, to) => {
        for (let i = from; i < to; i++) put?.(keys[i], users[i])
      }),
  },
  {
    ...{
      name: 'index-batch',
      title: `${BATCH} puts a transaction with an index, a put`,
      ...common,
    },
    needs: ['changeAll'],
    start: stage =>
      inTurns(stage, BATCH, ({ changeAll }, keys, users, from, to) => {
        changeAll?.(keys.slice(from, to), users.slice(from, to))
      }),
  },
]
