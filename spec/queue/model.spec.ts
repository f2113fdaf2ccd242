/**
 * Property: several threads (posed by handles) submit at random, into random lanes of random sizes, while others write,
 * close and come. Whatever the groups are: each submission is decided once; each lane of a thread keeps its order; and
 * every version is what its submissions make of the one before. Seeds are printed.
 */
import { expect, it } from 'vitest'
import { type ZVerse, ZVerseError } from '../../lib/index.js'
import { attachWith, openWith } from '../../lib/zverse.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Date.now() % 1_000_000)
const LANES = ['high', 'normal', 'low'] as const
const KEYS = 12

interface Submission {
  readonly lane: string
  readonly number: number
  readonly changes: Map<string, string | undefined>
  readonly done: Promise<void>
  version: number | undefined
  error: unknown
}

interface Producer {
  readonly handle: ZVerse<string, string>
  readonly id: number
}

async function run(seed: number): Promise<void> {
  const random = new Random(seed)
  const options = {
    maxBytes: random.pick([2 ** 20, 2 ** 22]),
    history: { versions: 1e6 },
    queue: { groupBytes: random.pick([1024, 4096, 65_536]) },
  }
  const db = openWith(options, { now: () => 5000, poison: true, indexFrom: 1 }) as ZVerse<
    string,
    string
  >
  const shared = db.share()
  let threads = 60
  const come = (): Producer => {
    const id = threads++
    const hooks = { now: () => 5000, threadId: id }
    return { id, handle: attachWith(shared, undefined, hooks) as unknown as ZVerse<string, string> }
  }
  const producers = Array.from({ length: 1 + random.int(4) }, come)
  const all: Submission[] = []
  const direct = new Map<number, Map<string, string | undefined>>()
  for (let step = 0; step < 120; step++) {
    const chosen = random.int(producers.length)
    const { handle, id } = producers[chosen] as Producer
    const action = random.int(20)
    if (action < 14) {
      for (let n = random.pick([1, 1, 3, 30]); n > 0; n--)
        all.push(submission(random, handle, id, all.length))
    } else if (action < 16) {
      const key = `k${random.int(KEYS)}`
      const value = `direct ${step}`
      direct.set(db.put(key, value), new Map([[key, value]]))
    } else if (action < 17) {
      const over = new AbortController()
      void handle.drain({ signal: over.signal })
      void Promise.resolve().then(() => over.abort())
    } else if (action < 18) {
      handle.close(random.chance(0.5) ? { queue: 'reject' } : undefined)
      producers[chosen] = come()
    } else if (action < 19) await new Promise(resolve => setImmediate(resolve))
    else for (let n = random.int(6); n > 0; n--) await Promise.resolve()
  }
  await Promise.all(all.map(({ done }) => done))
  expect(db.check()).toMatchObject({ ok: true, leakedBytes: 0 })
  judge(db, all, direct)
  for (const { handle } of producers) handle.close()
  expect(db.pressure().depths).toEqual({ high: 0, normal: 0, low: 0 })
  db.close()
}

function submission(
  random: Random,
  handle: ZVerse<string, string>,
  id: number,
  number: number,
): Submission {
  const lane = random.pick(LANES)
  const changes = new Map<string, string | undefined>()
  const operations = Array.from({ length: random.pick([1, 1, 1, 2, 5]) }, (_, i) => {
    const key = `k${random.int(KEYS)}`
    if (random.chance(0.2)) {
      changes.set(key, undefined)
      return { type: 'del' as const, key }
    }
    const value = `${number} ${i} ${'x'.repeat(random.pick([0, 10, 100, 3000]))}`
    changes.set(key, value)
    // Mostly wrong: versions are small, but nobody can know the group's.
    const ifVersion = random.chance(0.1) ? random.int(20) : random.chance(0.05) ? null : undefined
    return { type: 'put' as const, key, value, ifVersion }
  })
  const promise = handle.submit(
    operations.length === 1 && random.chance(0.5) ? (operations[0] as never) : operations,
    {
      priority: lane,
    },
  )
  const own: { version: number | undefined; error: unknown } = {
    version: undefined,
    error: undefined,
  }
  const done = promise.then(
    version => {
      expect(made.version ?? made.error).toBeUndefined()
      made.version = version
    },
    error => {
      expect(made.version ?? made.error).toBeUndefined()
      made.error = error
    },
  )
  const made: Submission = { lane: `${id} ${lane}`, number, changes, done, ...own }
  return made
}

function judge(
  db: ZVerse<string, string>,
  all: readonly Submission[],
  direct: ReadonlyMap<number, Map<string, string | undefined>>,
): void {
  const byVersion = new Map<number, Submission[]>()
  const last = new Map<string, number>()
  for (const one of all) {
    if (one.version === undefined) {
      expect(one.error).toBeInstanceOf(ZVerseError)
      expect(['ZVERSE_CONFLICT', 'ZVERSE_CLOSED', 'ZVERSE_FULL']).toContain(
        (one.error as ZVerseError).code,
      )
      continue
    }
    expect(one.version).toBeGreaterThanOrEqual(last.get(one.lane) ?? 0)
    last.set(one.lane, one.version)
    byVersion.set(one.version, [...(byVersion.get(one.version) ?? []), one])
  }
  const contents = (at: number) => {
    return new Map(db.range({ at }).toArray())
  }
  // Where memory was short, the past was let go of.
  let before = contents(db.oldestVersion)
  for (let version = db.oldestVersion + 1; version <= db.version; version++) {
    const now = contents(version)
    const group = byVersion.get(version) ?? []
    const put = direct.get(version)
    for (let k = 0; k < KEYS; k++) {
      const key = `k${k}`
      // Each lane's last submission on the key may be the last one of the group.
      const lasts = new Map<string, string | undefined>()
      for (const { lane, changes } of group) if (changes.has(key)) lasts.set(lane, changes.get(key))
      const options = [...lasts.values()]
      // Those that changed nothing are in the version that was there.
      if (put?.has(key)) options.push(put.get(key))
      if (options.length === 0) options.push(before.get(key))
      expect(options).toContain(now.get(key))
    }
    before = now
  }
}

it('each submission is decided once, in order, and is in its version', async () => {
  for (let i = 0; i < scaled(300); i++) {
    try {
      await run(SEED + i)
    } catch (error) {
      throw new Error(`ZVERSE_SEED=${SEED + i}`, { cause: error })
    }
  }
}, 600_000)
