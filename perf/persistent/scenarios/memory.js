// @ts-check
/** Persistent mode beside the same database in memory, in turns in one process: commits of 'never', reads. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { CHUNK, presentKey } from '../../data.js'
import { consume, measureInTurns, taste } from '../../measure.js'
import { walk } from '../../stage.js'
import { COMMIT_BYTES } from '../peers.js'
import { fill, roomFor } from '../systems.js'

/** @typedef {import('../stage.js').PersistentStage} PersistentStage */

/** Commits of a chunk, and before the first one is measured: more than the versions that are kept. */
const PUTS = 100
const SETTLING = 2000
/** Writes go round in a file of so many commits. */
const PLACES = 10_000
const LIMIT = 100
const RANGES = 20

/**
 * A database with the set, in a directory of its own or in memory, for the scenario.
 * @param {PersistentStage} stage
 * @param {object} [options]
 * @param {string} [path]
 */
async function openLoaded(stage, options, path) {
  const maxBytes = roomFor(stage.count)
  const db = stage.system.engine.ZVerse.open({ path, values: 'string', maxBytes, ...options })
  stage.after(() => {
    db.close()
    if (path !== undefined) stage.remove(path)
  })
  fill(db, stage.data.keys, stage.data.values)
  // The keeper shall have nothing left to do.
  if (path !== undefined) await db.compact()
  return db
}

/** @typedef {() => void} Step */

/** @param {Step[]} steps done one after the other, again and again */
const again = steps => {
  const run = () => {
    for (let i = 0; i < PUTS; i++) for (const step of steps) step()
    return PUTS
  }
  for (let done = 0; done < SETTLING; done += run());
  return { run }
}

/** Puts a random key. @param {PersistentStage} stage @param {any} db @returns {Step} */
function putting({ data, count }, db) {
  const { random, values } = data
  let at = 0
  return () => consume(db.put(presentKey(random(count)), values[at++ % count]))
}

/** Writes as many bytes as a commit has. @param {PersistentStage} stage @returns {Step} */
function writing(stage) {
  const path = stage.directory()
  const file = openSync(join(path, 'raw'), 'w+')
  stage.after(() => {
    closeSync(file)
    stage.remove(path)
  })
  const bytes = Buffer.alloc(COMMIT_BYTES, 7)
  for (let i = 0; i < PLACES; i++) writeSync(file, bytes, 0, COMMIT_BYTES, i * COMMIT_BYTES)
  fdatasyncSync(file)
  let at = 0
  return () => {
    writeSync(file, bytes, 0, COMMIT_BYTES, at * COMMIT_BYTES)
    at = (at + 1) % PLACES
  }
}

/** @type {import('../stage.js').Scenario} */
const never = {
  name: 'never-commit',
  title: "single-put commits, sync: 'never'",
  figures: {
    never: { what: 'a commit', unit: 'µs' },
    memory: { what: 'a commit in memory', unit: 'µs' },
    more: { what: 'the difference', unit: 'µs' },
    bare: { what: 'a commit in memory, and a bare write of the same size after it', unit: 'µs' },
    write: { what: 'bare writes of the same size, one after the other', unit: 'µs' },
  },
  zverse: true,
  async start(stage) {
    const there = putting(stage, await openLoaded(stage, { sync: 'never' }, stage.directory()))
    const here = putting(stage, await openLoaded(stage))
    const write = writing(stage)
    const works = [[there], [here], [here, write], [write]].map(again)
    return async () => {
      const ms = 2 * stage.settings.sampleMs
      const means = (await measureInTurns(works, ms)).map(({ mean }) => mean)
      const [never, memory, bare, alone] = means
      return { never, memory, more: never - memory, bare, write: alone }
    }
  },
}

/** @type {Record<string, (stage: PersistentStage, db: any) => () => number>} */
const READS = {
  get: ({ data }, db) =>
    walk(data.reads, CHUNK, (from, to) => {
      let sum = 0
      for (let i = from; i < to; i++) sum += taste(db.get(data.reads[i]))
      return sum
    }),
  range: ({ data, count }, db) => {
    const { random, sorted } = data
    return () => {
      let sum = 0
      for (let i = 0; i < RANGES; i++) {
        const gte = sorted[random(Math.max(1, count - LIMIT))]
        for (const [key, value] of db.range({ gte, limit: LIMIT })) sum += taste(key) + taste(value)
      }
      consume(sum)
      return RANGES * LIMIT
    }
  },
  scan: ({ count }, db) => {
    return () => {
      let sum = 0
      for (const [key, value] of db.range()) sum += taste(key) + taste(value)
      consume(sum)
      return count
    }
  },
}

const TITLES = { get: 'get', range: `range of ${LIMIT}, an entry`, scan: 'scan, an entry' }
const WHERE = { persistent: 'persistent', memory: 'in memory' }

/** @type {import('../stage.js').Scenario} */
const reads = {
  name: 'persistent-reads',
  title: 'reads in persistent mode',
  figures: Object.fromEntries([
    ...Object.entries(TITLES).map(([name, title]) => {
      return [name, { what: `${title}: speed ÷ in memory`, unit: '×' }]
    }),
    ...Object.entries(TITLES).flatMap(([name, title]) =>
      Object.entries(WHERE).map(([where, what]) => {
        return [`${name} ${where}`, { what: `${title}, ${what}`, unit: 'µs' }]
      }),
    ),
  ]),
  ratios: Object.fromEntries(
    Object.keys(TITLES).map(name => [name, [`${name} memory`, `${name} persistent`]]),
  ),
  zverse: true,
  async start(stage) {
    const memory = await openLoaded(stage)
    const persistent = await openLoaded(stage, {}, stage.directory())
    const works = Object.entries(READS).map(([name, make]) => {
      const runs = [make(stage, persistent), make(stage, memory)]
      return { name, works: runs.map(run => ({ run })) }
    })
    return async () => {
      /** @type {Record<string, number>} */
      const figures = {}
      // Kind by kind: what is read before, is read in the same way.
      for (const { name, works: pair } of works) {
        const [there, here] = await measureInTurns(pair, stage.settings.sampleMs)
        figures[`${name} persistent`] = there.mean
        figures[`${name} memory`] = here.mean
      }
      return figures
    }
  },
}

export const besideMemory = [never, reads]
