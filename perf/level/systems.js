// @ts-check
/**
 * The levels that are compared, with no options but those named here.
 *
 * - `zverse`: `new ZVerseLevel()`, which stores bytes and takes text and bytes alike.
 * - `zverse-text`: a level over a database with string keys and values, for text alone.
 * - `memory-level`: with its default `storeEncoding`, `'buffer'`; `memory-level-utf8` and
 *   `memory-level-view` with its other two.
 * - `classic-level`: LevelDB in a directory on a tmpfs, without `sync`, as is its default.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {import('abstract-level').AbstractLevel<string | Buffer | Uint8Array, string, string>} Level */
/** @typedef {Level & { at(version: number): Level, version(): number }} TravellingLevel */

/**
 * @typedef {object} LevelSystem
 * @property {string} name
 * @property {boolean} travels its levels are {@link TravellingLevel}s
 * @property {(options?: object) => { level: Level, close: () => Promise<void> }} create an empty one
 */

/**
 * @typedef {object} Surroundings
 * @property {string} directory on a tmpfs
 * @property {number} keys the number of entries to come
 * @property {string} [engine] URL of another build's dist/index.js
 */

/** @typedef {{ close(): void }} Closable */
/** @typedef {{ ZVerse: { open(options: object): Closable } }} Engine */
/** @typedef {{ ZVerseLevel: new (options: object) => Level }} LevelEngine */

const OWN = new URL('../../dist/index.js', import.meta.url).href

/** Room for 1000 versions of a set; the system commits only touched memory. */
const roomFor = (/** @type {number} */ keys) => Math.max(2 ** 30, keys * 1000)

/**
 * @param {string} name
 * @param {Surroundings} around
 * @returns {Promise<LevelSystem>}
 */
async function zverse(name, { keys, engine = OWN }) {
  /** @type {LevelEngine} */
  const { ZVerseLevel } = await import(new URL('level/index.js', engine).href)
  return {
    ...{ name, travels: true },
    create(options) {
      const level = new ZVerseLevel({ maxBytes: roomFor(keys), ...options })
      return { level, close: () => level.close() }
    },
  }
}

/**
 * @param {string} name
 * @param {Surroundings} around
 * @returns {Promise<LevelSystem>}
 */
async function zverseText(name, { keys, engine = OWN }) {
  /** @type {Engine} */
  const { ZVerse } = await import(engine)
  /** @type {LevelEngine} */
  const { ZVerseLevel } = await import(new URL('level/index.js', engine).href)
  return {
    ...{ name, travels: true },
    create(options) {
      const db = ZVerse.open({ keys: 'string', values: 'string', maxBytes: roomFor(keys) })
      const level = new ZVerseLevel({ db, ...options })
      return { level, close: () => level.close().then(() => db.close()) }
    },
  }
}

/**
 * @param {string} name
 * @param {'buffer' | 'view' | 'utf8'} storeEncoding
 * @returns {Promise<LevelSystem>}
 */
async function memoryLevel(name, storeEncoding) {
  /** @type {{ MemoryLevel: new (options: object) => Level }} */
  const { MemoryLevel } = await import(peer('memory-level'))
  return {
    ...{ name, travels: false },
    create(options) {
      const level = new MemoryLevel({ storeEncoding, ...options })
      return { level, close: () => level.close() }
    },
  }
}

/**
 * @param {string} name
 * @param {Surroundings} around
 * @returns {Promise<LevelSystem>}
 */
async function classicLevel(name, { directory }) {
  /** @type {{ ClassicLevel: new (path: string, options?: object) => Level }} */
  const { ClassicLevel } = await import(peer('classic-level'))
  return {
    ...{ name, travels: false },
    create(options) {
      const path = mkdtempSync(join(directory, 'classic-'))
      const level = new ClassicLevel(path, options)
      const close = async () => {
        await level.close()
        rmSync(path, { recursive: true, force: true })
      }
      return { level, close }
    },
  }
}

/** Peers are installed beside the other peers, not in the root. @param {string} name */
function peer(name) {
  return new URL(`../compare/node_modules/${name}/index.js`, import.meta.url).href
}

/** @type {Record<string, (around: Surroundings) => Promise<LevelSystem>>} */
export const systems = {
  zverse: around => zverse('zverse', around),
  'zverse-text': around => zverseText('zverse-text', around),
  'memory-level': () => memoryLevel('memory-level', 'buffer'),
  'memory-level-utf8': () => memoryLevel('memory-level-utf8', 'utf8'),
  'classic-level': around => classicLevel('classic-level', around),
}
