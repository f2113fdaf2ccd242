// @ts-check
/** The store of words and its index of vectors, as main and its threads open them. */
import { ZVerse } from 'zverse'
import { DIMS, vectorAt } from './words.js'

/**
 * `rank`: 0 is the most frequent word.
 * @typedef {{ vector: Float32Array, rank: number }} Value
 * @typedef {import('zverse').Store<string, Value>} Words
 * @typedef {import('zverse').VectorIndex<string, Value>} Index
 * @typedef {{ db: ZVerse, words: Words, index: Index }} Opened
 */

/** Bytes that each thread may take for what it often compares. */
const CACHE = 2 ** 24
/** The version before anything is edited. */
export const BEFORE = 'before'

/** @param {ZVerse} db */
const wordsOf = db => /** @type {Words} */ (db.store('words'))

/** A database of words, stored in one transaction. @param {import('./words.js').WordVectors} read */
export function store({ words, vectors }) {
  // All versions are kept.
  const db = ZVerse.open({ history: {}, cache: { bytes: CACHE, indexes: true } })
  const stored = wordsOf(db)
  db.transact(tx => {
    const draft = tx.store(stored)
    for (const [rank, word] of words.entries()) {
      draft.put(word, { vector: vectorAt(vectors, rank), rank })
    }
  })
  return { db, words: stored }
}

/** From now on each commit keeps the index up. @param {Words} words @returns {Index} */
export function addIndex(words) {
  // By `rank`, `where` finds the words among which to look.
  words.index('rank', { on: 'rank' })
  return words.index('vector', { kind: 'vector', on: 'vector', dims: DIMS })
}

/** The same database on another thread. @param {unknown} handle @returns {Opened} */
export function attach(handle) {
  const db = /** @type {ZVerse} */ (ZVerse.attach(/** @type {never} */ (handle)))
  const words = wordsOf(db)
  const index = /** @type {Index} */ (/** @type {unknown} */ (words.index('vector')))
  return { db, words, index }
}
