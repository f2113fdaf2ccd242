/**
 * Histories of several nodes, noted call by call, and judged by plain code when all is over: every node has the same
 * versions; each acknowledged change is there once, at its version; what was said not to be is not there; conditions,
 * transactions and `sync` are linearizable, in the order of versions.
 */
import { expect } from 'vitest'
import type { Replica, ZVerseError } from '../../lib/index.js'
import type { Random } from '../support/random.js'

export type Db = Replica<string, unknown>

/** What a client did, and what came of it. */
export interface Call {
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

export class History {
  readonly calls: Call[] = []
  readonly #random: Random
  #clock = 0

  constructor(random: Random) {
    this.#random = random
  }

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

  /** Makes so many calls, one after the other, on the node that there is at the time. */
  async client(get: () => Db, name: string, calls: number): Promise<void> {
    for (let i = 0; i < calls; i++) await this.#one(get(), `${name}.${i}`)
  }

  #one(db: Db, token: string): Promise<void> {
    const random = this.#random
    const kind = random.pick(['put', 'put', 'if', 'if', 'list', 'list', 'sync', 'tag'] as const)
    if (kind === 'sync') return this.call(db, { kind, token }, () => db.sync())
    if (kind === 'put') {
      const puts = [{ type: 'put' as const, key: `u ${token}`, value: token }]
      if (random.chance(0.3))
        puts.push({ type: 'put', key: `v ${token}`, value: 'x'.repeat(random.int(900)) })
      return this.call(db, { kind, token }, () => db.submit(puts))
    }
    if (kind === 'if') {
      const expected = random.chance(0.1) ? 3 : (db.getEntry('register')?.version ?? null)
      const put = { type: 'put' as const, key: 'register', value: token, ifVersion: expected }
      return this.call(db, { kind, token, expected }, () => db.submit(put))
    }
    if (kind === 'tag') {
      return this.call(db, { kind, token }, () => db.change(() => db.tag(`t${random.int(3)}`)))
    }
    return this.call(db, { kind, token }, call =>
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

function outcomeOf({ code, outcome, message }: ZVerseError): NonNullable<Call['failed']> {
  if (code === 'ZVERSE_CONFLICT') return 'conflict'
  if (code === 'ZVERSE_UNAVAILABLE') return outcome ?? 'unknown'
  // The node ended in the middle of it.
  if (code === 'ZVERSE_CLOSED') return 'unknown'
  throw new Error(`a call failed: ${code} ${message}`)
}

/** Until all nodes are at the same record: appends that are late come by then. */
export async function settle(nodes: readonly Db[]): Promise<void> {
  for (let isSame = false; !isSame; ) {
    const versions: (number | undefined)[] = []
    for (const node of nodes) versions.push(await node.sync().catch(() => undefined))
    const last = Math.max(...nodes.map(({ replica }) => replica?.last ?? 0))
    isSame =
      nodes.every(({ replica }) => replica?.applied === last) && !versions.includes(undefined)
    for (const { replica } of nodes) expect(replica?.error).toBe(undefined)
  }
}

export function same(node: Db, witness: Db): void {
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

export function judge(calls: readonly Call[], witness: Db): void {
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
