// @ts-check
/** The systems with indexes by name, in the order in which they take turns. */
import { dexie } from '../compare/systems/dexie.js'
import { loki } from '../compare/systems/lokijs.js'
import { sqliteIndexes } from '../compare/systems/sqlite-indexes.js'
import { zverse } from './zverse.js'

/** @type {Record<string, (around: { engine?: string }) => Promise<import('./stage.js').System>>} */
export const systems = { zverse, SQLite: sqliteIndexes, LokiJS: loki, Dexie: dexie }
