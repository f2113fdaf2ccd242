/**
 * Histories of several nodes over a log on a bad day, judged when all is over.
 *
 * Clients of each node write and read, nodes end and join anew, and each call is noted with when it began and ended, by a
 * counter that all share. Then the log calms down, and plain code judges: every node has the same versions; each
 * acknowledged change is there once, at its version; what was said not to be is not there; conditions, transactions and
 * `sync` are linearizable, in the order of versions.
 *
 * `ZVERSE_SEED` seeds the runs, `ZVERSE_RUNS` scales them (3000 is once).
 */
import { describe, expect, it } from 'vitest'
import { type Replica, ZVerse, type ZVerseError } from '../../lib/index.js'
import { memoryLog } from '../../lib/replica/memory-log.js'
import { FaultyLog, STORM } from '../support/faulty-log.js'
import { Random } from '../support/random.js'
import { scaled } from '../support/runs.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const RUNS = scaled(60)

type Db = Replica<string, unknown>

/** What a client did, and what came of it. */
interface Call {
  readonly kind: 'put' | 'if' | 'list' | 'sync' | 'tag'
  readonly token: string
  readonly began: number
  /** When it ended; 0: not yet. */
  ended: number
  /** The version it made, or that `sync` gave. */
  version?: number
  /** How it failed: it is there for sure not, or perhaps. */
  failed?: 'conflict' | 'none' | 'unknown'
  /** Of a conditional put: the version that the entry was to have. */
  readonly expected?: number | null
  /** Of a transaction: the list that it read, at which version. */
  read?: readonly string[]
  seen?: number
  /** The newest version of its node when it ended. */
  newest?: number
}

class History {
  readonly calls: Call[] = []
  #clock = 0

  async call(
    db: Db,
    call: Omit<Call, 'began' | 'ended'>,
    body: (call: Call) => Promise<number>,
  ): Promise<void> {
    const noted: Call = { ...call, began: ++this.#clock, ended: 0 }
    this.calls.push(noted)
    try {
      noted.version = await body(noted)
    } catch (error) {
      noted.failed = outcomeOf(error as ZVerseError)
    }
    noted.ended = ++this.#clock
    try {
      noted.newest = db.version
    } catch {
      // It was closed meanwhile.
    }
  }
}

function outcomeOf({ code, outcome, message }: ZVerseError): NonNullable<Call['failed']> {
  if (code === 'ZVERSE_CONFLICT') return 'conflict'
  if (code === 'ZVERSE_UNAVAILABLE') return outcome ?? 'unknown'
  // The node ended in the middle of it.
  if (code === 'ZVERSE_CLOSED') return 'unknown'
  throw new Error(`a call failed: ${code} ${message}`)
}

class Run {
  readonly random: Random
  readonly history = new History()
  readonly #seed: number
  readonly #log
  readonly #options: object
  readonly #faulty: FaultyLog[] = []
  #names = 0

  constructor(seed: number) {
    this.#seed = seed
    this.random = new Random(seed)
    const { random } = this
    this.#log = memoryLog({ maxRecordBytes: random.chance(0.3) ? 600 : 2 ** 20 })
    this.#options = {
      ...{ maxBytes: 2 ** 25, history: { versions: 1e6 } },
      timeout: 20 + random.int(500),
      snapshot: { bytes: random.chance(0.5) ? 3000 : 2 ** 26, keep: 2 ** 30 },
    }
  }

  async open(isStormy = true): Promise<Db> {
    const faults = isStormy ? STORM : {}
    const log = new FaultyLog(this.#log.node(), { seed: this.#seed + this.#names, faults })
    this.#faulty.push(log)
    for (;;) {
      try {
        const node = `n${this.#names++}`
        return await ZVerse.replicate<'string', 'msgpack'>({ ...this.#options, log, node })
      } catch (error) {
        if ((error as ZVerseError).code !== 'ZVERSE_UNAVAILABLE') throw error
        // A log is closed with the node that could not open it.
        return this.open(isStormy)
      }
    }
  }

  calm(): void {
    for (const log of this.#faulty) log.calm()
  }

  async client(get: () => Db, name: string, calls: number): Promise<void> {
    for (let i = 0; i < calls; i++) await this.#one(get(), `${name}.${i}`)
  }

  #one(db: Db, token: string): Promise<void> {
    const { random, history } = this
    const kind = random.pick(['put', 'put', 'if', 'if', 'list', 'list', 'sync', 'tag'] as const)
    if (kind === 'sync') return history.call(db, { kind, token }, () => db.sync())
    if (kind === 'put') {
      const puts = [{ type: 'put' as const, key: `u ${token}`, value: token }]
      if (random.chance(0.3))
        puts.push({ type: 'put', key: `v ${token}`, value: 'x'.repeat(random.int(900)) })
      return history.call(db, { kind, token }, () => db.submit(puts))
    }
    if (kind === 'if') {
      const expected = random.chance(0.1) ? 3 : (db.getEntry('register')?.version ?? null)
      const put = { type: 'put' as const, key: 'register', value: token, ifVersion: expected }
      return history.call(db, { kind, token, expected }, () => db.submit(put))
    }
    if (kind === 'tag') {
      return history.call(db, { kind, token }, () => db.change(() => db.tag(`t${random.int(3)}`)))
    }
    return history.call(db, { kind, token }, call =>
      db.transactAsync(
        tx => {
          const list = (tx.get('list') ?? []) as string[]
          call.read = list
          call.seen = tx.version - 1
          tx.put('list', [...list, token])
          return tx.version
        },
        { retries: random.int(40) },
      ),
    )
  }
}

async function play(seed: number): Promise<Run> {
  const run = new Run(seed)
  const { random } = run
  // It sees all from the begin to the end.
  const witness = await run.open(false)
  const nodes: Db[] = []
  const count = 2 + random.int(3)
  for (let i = 0; i < count; i++) nodes.push(await run.open())
  const clients = nodes.flatMap((_, i) =>
    [0, 1, 2].map(client => run.client(() => nodes[i] as Db, `${i}-${client}`, 4 + random.int(12))),
  )
  let isOver = false
  const restarts = (async () => {
    for (let i = 0; i < 3 && !isOver; i++) {
      await new Promise(resolve => setTimeout(resolve, random.int(60)))
      const at = random.int(count)
      const old = nodes[at] as Db
      nodes[at] = await run.open()
      await old.close({ queue: random.pick(['commit', 'reject'] as const) })
    }
  })()
  await Promise.all(clients)
  isOver = true
  await restarts
  run.calm()
  await settle([witness, ...nodes])
  judge(run.history.calls, witness)
  for (const node of nodes) same(node, witness)
  const late = await run.open(false)
  await late.sync()
  same(late, witness)
  for (const node of [witness, ...nodes, late]) await node.close()
  return run
}

/** Until all nodes are at the same record: appends that are late come by then. */
async function settle(nodes: readonly Db[]): Promise<void> {
  for (let isSame = false; !isSame; ) {
    const versions: (number | undefined)[] = []
    for (const node of nodes) versions.push(await node.sync().catch(() => undefined))
    const last = Math.max(...nodes.map(({ replica }) => replica?.last ?? 0))
    isSame =
      nodes.every(({ replica }) => replica?.applied === last) && !versions.includes(undefined)
    for (const { replica } of nodes) expect(replica?.error).toBe(undefined)
  }
}

function same(node: Db, witness: Db): void {
  expect(node.version).toBe(witness.version)
  expect([...node.entries()]).toEqual([...witness.entries()])
  const known = new Map(witness.versions().map(one => [one.version, one]))
  for (const one of node.versions()) expect(one).toEqual(known.get(one.version))
  const { oldestVersion } = node
  for (let at = oldestVersion; at <= node.version; at += 7) {
    expect([...node.getEntries({ at })]).toEqual([...witness.getEntries({ at })])
  }
  expect(node.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
}

function judge(calls: readonly Call[], witness: Db): void {
  const list = (witness.get('list') ?? []) as string[]
  expect(new Set(list).size).toBe(list.length)
  for (const call of calls) {
    try {
      judgeOne(call, witness, list)
    } catch (error) {
      throw new Error(`${(error as Error).message}\nof ${JSON.stringify(call)}`, { cause: error })
    }
  }
  inOrder(calls)
}

function judgeOne(call: Call, witness: Db, list: readonly string[]): void {
  const { kind, token, version, failed, expected, read, seen } = call
  const before = version === undefined ? undefined : { at: version - 1 }
  if (kind === 'put') {
    const entry = witness.getEntry(`u ${token}`)
    if (version !== undefined) expect(entry).toMatchObject({ value: token, version })
    else if (failed !== 'unknown') expect(entry).toBe(undefined)
  }
  if (kind === 'if') {
    const made = [...witness.history('register')].filter(({ value }) => value === token)
    expect(made.length).toBeLessThanOrEqual(1)
    if (version !== undefined) {
      expect(made[0]?.version).toBe(version)
      // Others of its group came before it, perhaps.
      const entry = witness.getEntry('register', before)
      if (made.length === 1) expect([entry?.version ?? null, version]).toContain(expected)
    } else if (failed !== 'unknown') expect(made).toEqual([])
    if (failed === 'conflict') couldConflict(call, witness)
  }
  if (kind === 'list') {
    const times = list.filter(one => one === token).length
    if (version !== undefined) {
      expect(times).toBe(1)
      expect(version).toBe((seen as number) + 1)
      expect(witness.get('list', { at: seen }) ?? []).toEqual(read)
      expect(witness.get('list', { at: version })).toEqual([...(read ?? []), token])
    } else if (failed !== 'unknown') expect(times).toBe(0)
  }
}

/** At some time between its begin and its end the entry had another version than the call expected. */
function couldConflict({ expected, newest }: Call, witness: Db): void {
  const last = newest ?? witness.version
  for (let at = 0; at <= last; at++) {
    if ((witness.getEntry('register', { at })?.version ?? null) !== expected) return
  }
  throw new Error('nothing was there that it could conflict with')
}

/** What began after something had ended is after it. */
function inOrder(calls: readonly Call[]): void {
  const known = calls.filter(({ version, kind }) => version !== undefined && kind !== 'tag')
  const ends = [...known].sort((a, b) => a.ended - b.ended)
  const begins = [...known].sort((a, b) => a.began - b.began)
  let [newest, i] = [0, 0]
  for (const call of begins) {
    for (; i < ends.length && (ends[i] as Call).ended < call.began; i++) {
      newest = Math.max(newest, (ends[i] as Call).version as number)
    }
    const least = call.kind === 'sync' ? newest : newest + 1
    if ((call.version as number) < least) {
      throw new Error(`version ${newest} was there before ${JSON.stringify(call)} began`)
    }
  }
}

describe('nodes of a log on a bad day', () => {
  it(`have one history (ZVERSE_SEED=${SEED})`, async () => {
    const counts = { calls: 0, made: 0, conflict: 0, none: 0, unknown: 0 }
    for (let i = 0; i < RUNS; i++) {
      try {
        const { history } = await play(SEED + i)
        counts.calls += history.calls.length
        for (const { failed } of history.calls) counts[failed ?? 'made']++
      } catch (error) {
        throw new Error(`ZVERSE_SEED=${SEED + i}: ${(error as Error).message}`, { cause: error })
      }
    }
    console.log(`histories: ${JSON.stringify(counts)}`)
  })
})
