// @ts-check
/** The store of documents: y-leveldb, over levels, over one database that all threads share. */
import { getAllDocsKeys, getLevelUpdates, keyEncoding, LeveldbPersistence } from 'y-leveldb'
import * as Y from 'yjs'
import { ZVerseLevel } from 'zverse/level'

/** @typedef {import('zverse').ZVerse<Uint8Array, Uint8Array>} Database */
/** `['v1', name, 'update', number]` and the like. @typedef {(string | number)[]} DocumentKey */
/** @typedef {ZVerseLevel<DocumentKey, Uint8Array>} Level */
/** @typedef {import('zverse/level').PastLevel<DocumentKey, Uint8Array>} PastLevel */

/** The keys of the documents' stored updates. */
export const UPDATES = { gte: ['v1'], lt: ['v1_sv'] }

/**
 * y-leveldb makes its level itself, of a location, which is without meaning here, and options: its encodings
 * and these.
 * @param {Database} db
 */
export function openPersistence(db) {
  return new LeveldbPersistence('', { Level: ZVerseLevel, levelOptions: { db } })
}

/** The same documents as keys and values, with a past. @param {Database} db @returns {Promise<Level>} */
export async function openLevel(db) {
  /** @type {import('zverse/level').ZVerseLevelOptions<DocumentKey, Uint8Array>} */
  const options = { db, keyEncoding, valueEncoding: 'view' }
  const level = new ZVerseLevel(options)
  await level.open()
  return level
}

/**
 * The document in a level, of the present or of the past. As y-leveldb's own `getYDoc`, which may
 * also store, however: a thread that only reads must not.
 * @param {Level | PastLevel} level @param {string} name
 */
export async function readDocument(level, name) {
  const document = new Y.Doc()
  for (const update of await getLevelUpdates(level, name)) Y.applyUpdate(document, update)
  return document
}

/** @param {Level | PastLevel} level @returns {Promise<string[]>} */
export async function namesIn(level) {
  const keys = await getAllDocsKeys(level)
  return keys.map(key => String(key[1]))
}

/**
 * Lends `use` the documents of a version.
 * @template T @param {Level} level @param {number} version
 * @param {(past: PastLevel) => Promise<T>} use @returns {Promise<T>}
 */
export async function at(level, version, use) {
  const past = level.at(version)
  try {
    return await use(past)
  } finally {
    await past.close()
  }
}
