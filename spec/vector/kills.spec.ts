/**
 * A process that is killed while it writes vectors: what is read again of its directory has indexes that find what their stores have.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { along } from '../query/plain-query.js'
import { Random } from '../support/random.js'
import { Asking, type Kind, type Reads } from './asking.js'
import type { Value } from './random-vectors.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 2 ** 30)
const DIST = new URL('../../dist/index.js', import.meta.url).href

const at = (path: string) => (value: unknown) => along(value, path)
/** Each index, by its name. */
const KINDS: Record<string, Kind> = {
  i0: { form: { dims: 6, metric: 'cosine', element: 'float32' }, partOf: at('v') },
  i1: { form: { dims: 6, metric: 'euclid', element: 'int8' }, partOf: at('v') },
  i2: { form: { dims: 3, metric: 'dot', element: 'float32' }, partOf: at('w') },
}

/** Writes until it is killed; says so after each commit. */
const CHILD = `
  import { ZVerse } from ${JSON.stringify(DIST)}
  const [path, seed] = process.argv.slice(1)
  let state = Number(seed)
  const random = below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const functions = { w: ({ w }) => w }
  const db = ZVerse.open({ path, sync: 'never', functions, history: { versions: 10, disk: {} } })
  const vector = dims => Array.from({ length: dims }, () => random(19) - 9)
  const value = () => ({ n: random(12), v: vector(6), ...(random(3) > 0 && { w: vector(3) }) })
  const INDEXES = [
    { on: 'v', dims: 6 },
    { on: 'v', dims: 6, metric: 'euclid', element: 'int8' },
    { by: 'w', dims: 3, metric: 'dot' },
  ]
  const some = store => {
    for (let n = random(40); n >= 0; n--) {
      if (random(4) === 0) store.delete('key ' + random(500))
      else store.put('key ' + random(500), value())
    }
  }
  for (;;) {
    const i = random(40)
    if (i < INDEXES.length) db.index('i' + i, { kind: 'vector', invalid: 'skip', ...INDEXES[i] })
    else if (i === 9) for (const { name } of db.indexes().slice(0, 1)) db.dropIndex(name)
    else if (i === 10) db.clear({ gte: 'key 3' })
    else if (i === 11) db.restore({ at: db.oldestVersion })
    else if (i === 12) await db.compact()
    else if (i < 17) some(db)
    else db.transact(some)
    process.stdout.write('.')
    if (random(20) === 0) await new Promise(resolve => setImmediate(resolve))
  }
`

/** Asks all indexes at the oldest and the newest versions. */
function ask(db: ZVerse<string, Value>, random: Random): number {
  let asked = 0
  const now = db.indexes().map(({ name }) => name)
  for (const version of [db.oldestVersion, db.version]) {
    const view = { at: version }
    const entries = new Map(db.range(view).toArray())
    for (const name of now) {
      const index = db.index(name) as unknown as Reads
      if (!db.indexes(view).some(one => one.name === name)) continue
      try {
        index.count(view)
      } catch (error) {
        // It is another index of that name.
        expect((error as { code: string }).code).toBe('ZVERSE_UNKNOWN_INDEX')
        continue
      }
      asked++
      new Asking(random, entries, KINDS[name] as Kind).ask(index, view, 4, `${name} at ${version}`)
    }
  }
  return asked
}

it(`leaves indexes that find what their stores have, seed ${SEED}`, async () => {
  const random = new Random(SEED)
  const path = mkdtempSync(join(tmpdir(), 'zverse-killed-'))
  let asked = 0
  try {
    for (let round = 0; round < 6; round++) {
      const args = ['--input-type=module', '--eval', CHILD, path, String(random.next())]
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      const most = 20 + random.int(40)
      let commits = 0
      await new Promise<void>(resolve => {
        child.stdout.on('data', (text: Buffer) => {
          commits += text.length
          if (commits > most) child.kill('SIGKILL')
        })
        child.on('exit', (_, signal) => {
          expect(signal).toBe('SIGKILL')
          resolve()
        })
      })
      const options = { path, sync: 'never', history: { versions: 10, disk: {} } } as const
      const db = ZVerse.open<string, Value>(options)
      expect(db.check().problems).toEqual([])
      asked += ask(db, random)
      db.close()
    }
    expect(asked).toBeGreaterThan(0)
  } finally {
    rmSync(path, { recursive: true })
  }
})
