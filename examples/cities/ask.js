// @ts-check
/** The questions: the cities in a box, those nearest to a point, and those of a name or a country. */

/** @typedef {import('./world.js').Key} Key */
/** @typedef {import('./world.js').City} City */
/** @typedef {import('./world.js').World} World */

/** West, south, east and north side in degrees; west > east: across the antimeridian. */
/** @typedef {[west: number, south: number, east: number, north: number]} Box */

/**
 * Cities with at least `population` in a box, or those nearest to a point, or both: the nearest in a
 * box. Or those whose name begins with `name`, or of a country, or both. `within` is in metres.
 * @typedef {{ box?: Box, near?: [longitude: number, latitude: number], k: number, within?: number,
 *   name?: string, country?: string, population: number }} Question
 */

/** `distance` is in metres. @typedef {{ key: Key, value: City, distance?: number }} Found */
/** @typedef {[number | null, number | null, number | null, number | null]} Corner */

/**
 * A box of the world as boxes of keys: one, or two if it lies across the antimeridian.
 * @param {Question} question @returns {[min: Corner, max: Corner][]}
 */
function boxes({ box, population }) {
  if (!box) return [corners(null, null, null, null, population)]
  const [west, south, east, north] = box
  if (west <= east) return [corners(west, south, east, north, population)]
  return [
    corners(west, south, null, north, population),
    corners(null, south, east, north, population),
  ]
}

/**
 * null is open.
 * @param {number | null} west @param {number | null} south @param {number | null} east
 * @param {number | null} north @param {number} population
 * @returns {[min: Corner, max: Corner]}
 */
const corners = (west, south, east, north, population) => [
  [west, south, population, null],
  [east, north, null, null],
]

/** @param {World} db @param {Question} question */
const inBox = (db, question) => {
  return boxes(question).flatMap(([min, max]) => db.box(min, max).toArray())
}

/** @param {Question} question */
const isByIndex = ({ name, country }) => name !== undefined || country !== undefined

/**
 * A question for `where`, which takes the index that leads to fewer cities. Of the population, which is in
 * the key, no index knows.
 * @param {Question} question @returns {import('zverse').Where<Key, City>}
 */
const query = ({ name, country, population }) => ({
  ...(name !== undefined && { name: { prefix: name } }),
  ...(country !== undefined && { country }),
  match: (_, key) => key[2] >= population,
})

/**
 * @param {World} db @param {Question} question @param {[number, number]} near
 * @returns {Found[]} nearest first
 */
function nearest(db, question, [longitude, latitude]) {
  const { k, within } = question
  const found = boxes(question).map(box => {
    const options = { metric: /** @type {const} */ ('haversine'), within, box }
    return db.nearest([longitude, latitude, null, null], k, options).toArray()
  })
  if (found.length === 1) return found[0]
  return found
    .flat()
    .sort((a, b) => a.distance - b.distance)
    .slice(0, k)
}

/** @param {World} db @param {Question} question @returns {Found[]} */
export function ask(db, question) {
  if (question.near) return nearest(db, question, question.near)
  const found = isByIndex(question) ? db.where(query(question)).toArray() : inBox(db, question)
  // The biggest first.
  return found.map(([key, value]) => ({ key, value })).sort((a, b) => b.key[2] - a.key[2])
}

/**
 * By which indexes `where` finds, and how many cities each leads to; undefined if it is not asked.
 * @param {World} db @param {Question} question
 */
export function explain(db, question) {
  if (!isByIndex(question)) return
  const { plan, steps } = db.explain(query(question))
  return steps.length === 0
    ? plan
    : steps.map(({ index, count }) => `${index} (${count})`).join(', ')
}
