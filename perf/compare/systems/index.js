// @ts-check
/** The systems by name, in the order in which they take turns. */
import { loadEngine, zverseSystem } from '../../entries/zverse.js'
import { flatbushSystem } from './flatbush.js'
import { kdbushSystem } from './kdbush.js'
import { lmdbSystem } from './lmdb.js'
import { mapSystem } from './map.js'
import { rbushSystem } from './rbush.js'
import { sortedBTreeSystem } from './sorted-btree.js'
import { sqliteSystem } from './sqlite.js'

/** @typedef {{ directory: string, engine?: string }} Surroundings */
/** @typedef {import('../../entries/stage.js').System} System */

/** @type {Record<string, (around: Surroundings) => System | Promise<System>>} */
export const systems = {
  zverse: async ({ engine }) => zverseSystem(await loadEngine(engine)),
  lmdb: ({ directory }) => lmdbSystem(directory, false),
  'lmdb+writemap': ({ directory }) => lmdbSystem(directory, true),
  Map: mapSystem,
  SQLite: sqliteSystem,
  'sorted-btree': sortedBTreeSystem,
  rbush: rbushSystem,
  flatbush: () => flatbushSystem(false),
  'flatbush+values': () => flatbushSystem(true),
  kdbush: () => kdbushSystem(false),
  'kdbush+values': () => kdbushSystem(true),
}
