/**
 * Carries steps out on a level and on the oracle, and compares what comes of each.
 */
import { isDeepStrictEqual } from 'node:util'
import type { MappedChanges, ZVerseLevel, ZVerseSnapshot } from '../../lib/level/index.js'
import { Mismatch, show } from '../support/outcome.js'
import { type Coding, type Place, utf8 } from './support-codings.js'
import { Fault, find, Model, ModelIterator, type Row, rowsIn, type Span } from './support-model.js'
import type { OperationStep, RangeStep, Step, StepOfKind, When } from './support-steps.js'

type Level = ZVerseLevel<unknown, unknown>

/** What a run needs of the database under the level. */
export interface Base {
  readonly version: number
  readonly oldestVersion: number
  tag(name: string): number
}

export interface Subject {
  readonly level: Level
  readonly db: Base
  readonly places: readonly Place[]
  readonly codings: readonly Coding[]
}

interface Past {
  readonly level: Level
  readonly place: Place
  readonly version: number
}

interface OpenIterator {
  readonly real: ReturnType<Level['iterator']>
  readonly model: ModelIterator
  readonly item: (row: Row) => unknown
  readonly place: Place
  readonly keys: Coding
  readonly snapshot: OpenSnapshot | undefined
}

interface OpenSnapshot {
  readonly real: ZVerseSnapshot
  readonly version: number
  isOpen: boolean
}

interface OpenChanges {
  readonly real: MappedChanges<{ version: number; timestamp: number; changes: unknown[] }>
  readonly span: Span
  readonly change: (row: { key: Buffer; after: Row | undefined }) => unknown
  since: number
}

type Outcome = { value: unknown } | { code: string }

/** An operation of a batch, and what it should do. */
interface Made {
  readonly given: { type: string; key: unknown; value: unknown; [option: string]: unknown }
  readonly write: { key: Buffer; value: Buffer | null }
}

/** Options with unknown contents, for methods whose types ask for more. */
const loose = (options: object) => options as never

function pick<T>(from: readonly T[], n: number): T {
  return from[n % from.length] as T
}

export class Run {
  readonly #subject: Subject
  readonly #model: Model
  readonly #levels: readonly Level[]
  readonly #pasts: Past[] = []
  readonly #iterators: OpenIterator[] = []
  readonly #snapshots: OpenSnapshot[] = []
  readonly #changes: OpenChanges[] = []
  /** What has been refused because the memory was full. */
  full = 0

  constructor(subject: Subject) {
    const { level, db, places } = subject
    this.#subject = subject
    this.#model = new Model(() => db.oldestVersion)
    // A store that had to be made first.
    while (this.#model.version < db.version) this.#model.states.push([])
    this.#levels = reach(level, places)
    this.#model.times.splice(0, 1, ...this.#model.states.map((_, at) => timeOf(level, at)))
  }

  /** Sublevels tell of the past once they are open. */
  async start(): Promise<void> {
    await Promise.all(this.#levels.map(level => level.open()))
  }

  /** @throws Mismatch */
  async step(step: Step): Promise<void> {
    try {
      await (this[step.kind] as (step: never) => Promise<void>).call(this, step as never)
      this.#same(
        'version',
        { value: this.#subject.level.version() },
        { value: this.#model.version },
      )
      const { times, version } = this.#model
      if (times.length === version) times.push(timeOf(this.#subject.level, version))
    } catch (error) {
      if (error instanceof Mismatch) throw new Mismatch(`${show(step)}\n${error.message}`)
      throw error
    }
  }

  /** All that is there, then the end of everything that is open. */
  async end(): Promise<void> {
    const { level } = this.#subject
    const rows = await level.iterator(loose({ keyEncoding: 'utf8', valueEncoding: 'utf8' })).all()
    const expected = this.#model.present.map(({ key, value }) => [utf8.back(key), utf8.back(value)])
    this.#same('all', { value: rows }, { value: expected })
    const waiting = this.#changes.map(({ real }) => real.next().then(({ done }) => done))
    await level.close()
    // Some may have had a commit left to tell of.
    await Promise.allSettled(waiting)
    for (const { real } of this.#changes) {
      this.#same('changes end', { value: (await real.next()).done }, { value: true })
    }
  }

  // ── Writes ────────────────────────────────────────────────────────────────────────────────────

  async put({ place, key, value, k, v }: StepOfKind<'put'>): Promise<void> {
    const to = this.#place(place)
    const [keys, values] = [this.#writeKeys(to.place, k), this.#writeValues(to.place, v)]
    const [a, b] = [pick(keys.atoms, key), pick(values.atoms, value)]
    const row = { key: join(to.place, keys.bytes(a)), value: values.bytes(b) }
    const options = loose({ keyEncoding: keys.option, valueEncoding: values.option })
    await this.#write(to, () => to.level.put(a, b, options), [row])
  }

  async fill({ key, size }: StepOfKind<'fill'>): Promise<void> {
    const value = 'v'.repeat(size)
    const row = { key: utf8.bytes(`fill ${key}`), value: utf8.bytes(value) }
    const to = this.#place(0)
    await this.#write(to, () => to.level.put(`fill ${key}`, value), [row])
  }

  async del({ place, key, k }: StepOfKind<'del'>): Promise<void> {
    const to = this.#place(place)
    const keys = this.#readCoding(to.place.keys, k)
    const a = pick(keys.atoms, key)
    const options = loose({ keyEncoding: keys.option })
    const writes = [{ key: join(to.place, keys.bytes(a)), value: null }]
    await this.#write(to, () => to.level.del(a, options), writes)
  }

  async batch({ place, operations }: StepOfKind<'batch'>): Promise<void> {
    const to = this.#place(place)
    const all = operations.map(operation => this.#operation(to, operation, false))
    const given = all.map(({ given }) => given)
    if (given.length === 0) {
      await this.#agree(
        'batch',
        () => to.level.batch([]),
        () => undefined,
      )
      return
    }
    await this.#write(
      to,
      () => to.level.batch(loose(given)),
      all.map(({ write }) => write),
    )
  }

  async chain({ place, operations, clearAt }: StepOfKind<'chain'>): Promise<void> {
    const to = this.#place(place)
    const batch = to.level.batch()
    let all: Made[] = []
    operations.forEach((step, i) => {
      if (i === clearAt) {
        batch.clear()
        all = []
      }
      const operation = this.#operation(to, step, true)
      const { type, key, value, ...options } = operation.given
      if (type === 'put') batch.put(key, value, loose(options))
      else batch.del(key, loose(options))
      all.push(operation)
    })
    this.#same('length', { value: batch.length }, { value: all.length })
    if (all.length === 0)
      await this.#agree(
        'write',
        () => batch.write(),
        () => undefined,
      )
    else
      await this.#write(
        to,
        () => batch.write(),
        all.map(({ write }) => write),
      )
  }

  async clear({ place, k, range, limit, reverse, snapshot }: StepOfKind<'clear'>): Promise<void> {
    const to = this.#place(place)
    const keys = this.#readCoding(to.place.keys, k)
    const { bounds, span } = this.#range(to.place, keys, range)
    const held = this.#snapshot(snapshot)
    const keyEncoding = keys.option
    const given = { ...bounds, keyEncoding, limit, reverse, snapshot: held?.real }
    if (limit === 0) {
      await this.#agree(
        'clear',
        () => to.level.clear(loose(given)),
        () => undefined,
      )
      return
    }
    if (held?.isOpen === false) {
      const fail = () => fault('LEVEL_SNAPSHOT_NOT_OPEN')
      await this.#agree('clear', () => to.level.clear(loose(given)), fail)
      return
    }
    const version = held?.version ?? this.#model.version
    const most = limit === undefined || limit === -1 ? undefined : limit
    const rows = rowsIn(this.#state(version), span, reverse).slice(0, most)
    const writes = rows.map(({ key }) => ({ key, value: null }))
    await this.#write(to, () => to.level.clear(loose(given)), writes)
  }

  // ── Reads ─────────────────────────────────────────────────────────────────────────────────────

  async get({ place, k, v, snapshot, key, how }: StepOfKind<'get'>): Promise<void> {
    const from = this.#source(place, snapshot)
    const { keys, values, options } = this.#codings(from.place, k, v)
    const atom = pick(keys.atoms, key)
    const given = loose({ ...options, snapshot: from.snapshot?.real })
    await this.#agree(
      how,
      () => from.level[how as 'get'](atom, given),
      () => {
        const row = find(from.state(), join(from.place, keys.bytes(atom)))
        if (how === 'has') return row !== undefined
        return row === undefined ? undefined : values.back(row.value)
      },
    )
  }

  async getMany({ place, k, v, snapshot, keys: some, how }: StepOfKind<'getMany'>): Promise<void> {
    const from = this.#source(place, snapshot)
    const { keys, values, options } = this.#codings(from.place, k, v)
    const atoms = some.map(n => pick(keys.atoms, n))
    const given = loose({ ...options, snapshot: from.snapshot?.real })
    await this.#agree(
      how,
      () => from.level[how as 'getMany'](atoms, given),
      () => {
        const state = from.state()
        const rows = atoms.map(atom => find(state, join(from.place, keys.bytes(atom))))
        if (how === 'hasMany') return rows.map(row => row !== undefined)
        return rows.map(row => (row === undefined ? undefined : values.back(row.value)))
      },
    )
  }

  async iterate(step: StepOfKind<'iterate'>): Promise<void> {
    const { how, reverse, limit } = step
    const from = this.#source(step.place, step.snapshot)
    const { keys, values, options } = this.#codings(from.place, step.k, step.v)
    const { bounds, span } = this.#range(from.place, keys, step.range)
    const signal = step.isAbortable ? new AbortController().signal : undefined
    const parts = how === 'iterator' ? { keys: step.keys, values: step.values } : {}
    const snapshot = from.snapshot?.real
    const given = { ...options, ...bounds, ...parts, reverse, limit, snapshot, signal }
    const real = from.level[how as 'iterator'](loose(given))
    const state = from.snapshot?.isOpen === false ? [] : from.state()
    const most = limit === undefined || limit === -1 ? Number.POSITIVE_INFINITY : limit
    const model = new ModelIterator(state, span, reverse, most)
    const key = (row: Row) => keys.back(row.key.subarray(from.place.prefix.length))
    const value = (row: Row) => values.back(row.value)
    const both = (row: Row) => [
      step.keys ? key(row) : undefined,
      step.values ? value(row) : undefined,
    ]
    const item = how === 'keys' ? key : how === 'values' ? value : both
    this.#same('limit', { value: real.limit }, { value: most })
    this.#iterators.push({
      ...{ real, model, item, place: from.place, keys },
      snapshot: from.snapshot,
    })
  }

  async move({ iterator, how, size, key, k }: StepOfKind<'move'>): Promise<void> {
    if (this.#iterators.length === 0) return
    const { real, model, item, place, keys, snapshot } = pick(this.#iterators, iterator)
    const coding = k === 0 ? keys : this.#readCoding(place.keys, k)
    const target = pick(coding.atoms, key)
    const take = (most: number) => {
      if (!model.isOpen) fault('LEVEL_ITERATOR_NOT_OPEN')
      if (snapshot?.isOpen === false) fault('LEVEL_SNAPSHOT_NOT_OPEN')
      return model.take(most).map(item)
    }
    if (how === 'next')
      await this.#agree(
        how,
        () => real.next(),
        () => take(1)[0],
      )
    else if (how === 'nextv')
      await this.#agree(
        how,
        () => real.nextv(size),
        () => take(size),
      )
    else if (how === 'all') {
      await this.#agree(
        how,
        () => real.all(),
        () => take(Number.POSITIVE_INFINITY),
      )
      if (snapshot?.isOpen !== false) model.isOpen = false
    } else if (how === 'seek') {
      real.seek(target, loose({ keyEncoding: coding.option }))
      model.seek(join(place, coding.bytes(target)))
    } else {
      await real.close()
      model.isOpen = false
    }
    this.#same('count', { value: real.count }, { value: model.count })
  }

  // ── The past ──────────────────────────────────────────────────────────────────────────────────

  async snapshot({ place, when }: StepOfKind<'snapshot'>): Promise<void> {
    const from = this.#place(place)
    const moment = this.#when(when)
    const options =
      moment instanceof Date ? { asOf: moment } : moment === undefined ? undefined : { at: moment }
    let real: ZVerseSnapshot | undefined
    let version = from.version ?? this.#model.version
    const make = () => {
      real = from.level.snapshot(options)
      return real.version
    }
    await this.#agree('snapshot', make, () => {
      if (moment !== undefined) version = this.#model.resolve(moment)
      return version
    })
    if (real !== undefined) this.#snapshots.push({ real, version, isOpen: true })
  }

  async closeSnapshot({ snapshot }: StepOfKind<'closeSnapshot'>): Promise<void> {
    if (this.#snapshots.length === 0) return
    const held = pick(this.#snapshots, snapshot)
    await held.real.close()
    held.isOpen = false
  }

  async at({ place, when }: StepOfKind<'at'>): Promise<void> {
    const from = this.#place(place)
    const moment = this.#when(when) ?? this.#model.version
    let level: Level | undefined
    let version = 0
    const make = async () => {
      level = from.level.at(moment) as unknown as Level
      await level.open()
      return level.version()
    }
    await this.#agree('at', make, () => (version = this.#model.resolve(moment)))
    if (level !== undefined) this.#pasts.push({ level, place: from.place, version })
  }

  async closePast({ past }: StepOfKind<'closePast'>): Promise<void> {
    if (this.#pasts.length === 0) return
    const [closed] = this.#pasts.splice(past % this.#pasts.length, 1) as [Past]
    const lives = this.#iterators.filter(({ real }) => real.db !== closed.level)
    this.#iterators.splice(0, this.#iterators.length, ...lives)
    await closed.level.close()
    const closedLevel = { code: 'LEVEL_DATABASE_NOT_OPEN' }
    this.#same('closed', await outcome(() => closed.level.get('a')), closedLevel)
    // Snapshots that were taken of it are closed with it.
    for (const held of this.#snapshots) {
      if (held.isOpen) held.isOpen = isOpen(held.real)
    }
  }

  async tag({ n }: StepOfKind<'tag'>): Promise<void> {
    const name = pick(['one', 'two', 'three'], n)
    this.#same('tag', { value: this.#subject.db.tag(name) }, { value: this.#model.version })
    this.#model.tags.set(name, this.#model.version)
  }

  async version({ place }: StepOfKind<'version'>): Promise<void> {
    const { level, version } = this.#place(place)
    this.#same('version', { value: level.version() }, { value: version ?? this.#model.version })
  }

  async history(step: StepOfKind<'history'>): Promise<void> {
    const from = this.#place(step.place)
    const { keys, values, options } = this.#codings(from.place, step.k, step.v)
    const atom = pick(keys.atoms, step.key)
    const [low, high] = [step.from, step.to].map(n => n && n % (this.#model.version + 1))
    const { reverse, limit } = step
    const until = from.version ?? this.#model.version
    const oldest = this.#model.oldest()
    if (until < oldest) return
    const given = { ...options, from: low, to: high, reverse, limit }
    const told = async () => {
      const records = from.level.history(atom, loose(given)).toArray()
      return records.map(({ timestamp, ...rest }) => {
        return rest.version < oldest ? rest : { ...rest, timestamp }
      })
    }
    await this.#agree('history', told, () => {
      const all = this.#model.history(join(from.place, keys.bytes(atom)), until)
      const within = all.filter(
        ({ version }) => version >= (low ?? 0) && version <= (high ?? until),
      )
      const ordered = reverse ? within.reverse() : within
      return ordered.slice(0, limit).map(record => {
        const value = record.value === undefined ? undefined : values.back(record.value)
        const timestamp = this.#model.times[record.version]
        return record.version < oldest ? { ...record, value } : { ...record, value, timestamp }
      })
    })
  }

  async diff(step: StepOfKind<'diff'>): Promise<void> {
    const from = this.#place(step.place)
    const { keys, values, options } = this.#codings(from.place, step.k, step.v)
    const { bounds, span } = this.#range(from.place, keys, step.range)
    const { reverse, limit } = step
    const [a, b] = [step.from, step.to].map(when => this.#when(when) ?? this.#model.version) as [
      number,
      number,
    ]
    const told = () =>
      from.level.diff(a, b, loose({ ...options, ...bounds, reverse, limit })).toArray()
    await this.#agree('diff', told, () => {
      const pairs = this.#model.diff(this.#model.resolve(a), this.#model.resolve(b), span)
      const value = (row: Row | undefined) =>
        row === undefined ? undefined : values.back(row.value)
      return (reverse ? pairs.reverse() : pairs).slice(0, limit).map(({ key, before, after }) => ({
        key: keys.back(key.subarray(from.place.prefix.length)),
        before: value(before),
        after: value(after),
      }))
    })
  }

  async changes(step: StepOfKind<'changes'>): Promise<void> {
    const from = this.#place(step.place)
    const { keys, values, options } = this.#codings(from.place, step.k, step.v)
    const { bounds, span } = this.#range(from.place, keys, step.range)
    const since = step.since && step.since % (this.#model.version + 1)
    const make = () => from.level.changes(loose({ ...options, ...bounds, since }))
    const made = await outcome(async () => ({ real: make() }))
    if ('code' in made) {
      const isGone = since !== undefined && since < this.#model.oldest()
      this.#same('changes', made, { code: isGone ? 'ZVERSE_VERSION_NOT_RETAINED' : 'none' })
      return
    }
    const change = ({ key, after }: { key: Buffer; after: Row | undefined }) => ({
      type: after === undefined ? 'del' : 'put',
      key: keys.back(key.subarray(from.place.prefix.length)),
      value: after === undefined ? undefined : values.back(after.value),
    })
    const { real } = made.value as { real: OpenChanges['real'] }
    // Those of a level of the past end with it.
    if (from.version === undefined) {
      this.#changes.push({ real, span, change, since: since ?? this.#model.version })
    } else await real.close()
  }

  async nextChange({ changes }: StepOfKind<'nextChange'>): Promise<void> {
    if (this.#changes.length === 0) return
    const open = pick(this.#changes, changes)
    if (open.since < this.#model.oldest()) {
      const gone = { code: 'ZVERSE_VERSION_NOT_RETAINED' }
      if (open.since < this.#model.version) {
        this.#same('next', await outcome(() => open.real.next()), gone)
        this.#changes.splice(this.#changes.indexOf(open), 1)
      }
      return
    }
    for (let to = open.since + 1; to <= this.#model.version; to++) {
      const pairs = this.#model.diff(to - 1, to, open.span)
      if (pairs.length === 0) continue
      const { value } = await open.real.next()
      const timestamp = this.#model.times[to]
      const expected = { version: to, timestamp, changes: pairs.map(open.change) }
      this.#same('next', { value }, { value: expected })
      open.since = to
      return
    }
  }

  // ── How ───────────────────────────────────────────────────────────────────────────────────────

  #operation(
    to: { place: Place; level: Level },
    operation: OperationStep,
    isChained: boolean,
  ): Made {
    const { places } = this.#subject
    // Level's chained batch gives a wrong key to a del for a sublevel that is not below its own.
    const mayBe =
      isChained && !operation.isPut ? places.filter(other => isBelow(other, to.place)) : places
    const isOwn = operation.place === undefined || mayBe.length === 0
    const place = isOwn ? to.place : pick(mayBe, operation.place as number)
    const sublevel = isOwn || place === places[0] ? undefined : this.#levels[places.indexOf(place)]
    const target = sublevel === undefined ? to.place : place
    const keys = this.#writeKeys(target, operation.k)
    const values = this.#writeValues(target, operation.v)
    const key = pick(keys.atoms, operation.key)
    const value = pick(values.atoms, operation.value)
    const whole = join(target, keys.bytes(key))
    const keyEncoding = keys.option
    const common = { key, keyEncoding, sublevel }
    if (!operation.isPut) {
      return {
        given: { type: 'del', ...common, value: undefined },
        write: { key: whole, value: null },
      }
    }
    const given = { type: 'put', ...common, value, valueEncoding: values.option }
    return { given, write: { key: whole, value: values.bytes(value) } }
  }

  /** A write through a level: refused by those of the past, and where memory is full. */
  async #write(
    to: { level: Level; version: number | undefined },
    real: () => Promise<unknown>,
    writes: { key: Buffer; value: Buffer | null }[],
  ): Promise<void> {
    const done = await outcome(real)
    if (to.version !== undefined) this.#same('write', done, { code: 'LEVEL_READONLY' })
    else if ('code' in done && done.code === 'ZVERSE_FULL') this.full++
    else {
      this.#same('write', done, { value: undefined })
      this.#model.commit(writes)
    }
  }

  /** The levels of the present and, behind them, those of the past that are open. */
  #place(n: number): { level: Level; place: Place; version: number | undefined } {
    const { places } = this.#subject
    const i = n % (places.length + this.#pasts.length)
    const past = this.#pasts[i - places.length]
    if (past !== undefined) return past
    return { level: this.#levels[i] as Level, place: places[i] as Place, version: undefined }
  }

  #snapshot(n: number): OpenSnapshot | undefined {
    return n < 0 || this.#snapshots.length === 0 ? undefined : pick(this.#snapshots, n)
  }

  /** Where a read is from, and what is there. */
  #source(n: number, slot: number) {
    const { level, place, version } = this.#place(n)
    const snapshot = this.#snapshot(slot)
    const state = () => {
      if (snapshot?.isOpen === false) fault('LEVEL_SNAPSHOT_NOT_OPEN')
      return this.#state(snapshot?.version ?? version ?? this.#model.version)
    }
    return { level, place, snapshot, state }
  }

  #state(version: number) {
    return this.#model.states[version] as readonly Row[]
  }

  #codings(place: Place, k: number, v: number) {
    const keys = this.#readCoding(place.keys, k)
    const values = this.#readCoding(place.values, v)
    const keyEncoding = k === 0 ? undefined : keys.option
    const valueEncoding = v === 0 ? undefined : values.option
    return { keys, values, options: { keyEncoding, valueEncoding } }
  }

  #readCoding(own: Coding, n: number): Coding {
    const total = this.#subject.codings.filter(({ isTotal }) => isTotal)
    return pick([own, ...total], n)
  }

  #writeKeys(place: Place, n: number): Coding {
    return place.keys.isTotal ? this.#readCoding(place.keys, n) : place.keys
  }

  #writeValues(place: Place, n: number): Coding {
    return place.values.isTotal ? this.#readCoding(place.values, n) : place.values
  }

  #range(place: Place, keys: Coding, range: RangeStep) {
    const prefix = Buffer.from(place.prefix)
    const given = Object.entries(range).filter(([, n]) => n !== undefined) as [string, number][]
    const atoms = given.map(([name, n]) => [name, pick(keys.atoms, n)] as const)
    const spans = atoms.map(([name, atom]) => [name, join(place, keys.bytes(atom))] as const)
    const span: Span = { ...Object.fromEntries(spans), prefix }
    return { bounds: Object.fromEntries(atoms), span }
  }

  #when({ how, n }: When): number | string | Date | undefined {
    if (how === 'now') return undefined
    if (how === 'tag') return pick(['one', 'two', 'three', 'four'], n)
    const version = n % (this.#model.version + 2)
    if (how === 'version') return version
    return new Date((this.#model.times[version] ?? this.#model.times.at(-1) ?? 0) - (n % 3))
  }

  async #agree(what: string, real: () => unknown, model: () => unknown): Promise<void> {
    const expected = await outcome(model)
    this.#same(what, await outcome(real), expected)
  }

  #same(what: string, actual: Outcome, expected: Outcome): void {
    if (isDeepStrictEqual(actual, expected)) return
    throw new Mismatch(`${what}\n  expected ${show(expected)}\n  got      ${show(actual)}`)
  }
}

async function outcome(action: () => unknown): Promise<Outcome> {
  try {
    return { value: await action() }
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (typeof code !== 'string') throw error
    return { code }
  }
}

function fault(code: string): never {
  throw new Fault(code)
}

function join(place: Place, key: Buffer): Buffer {
  return Buffer.concat([Buffer.from(place.prefix), key])
}

/** The levels at places; a sublevel is made by the one above it, if that is a place, too. */
function reach(root: Level, places: readonly Place[]): Level[] {
  const made = new Map([['[]', root]])
  for (const { steps, keys, values } of places.slice(1)) {
    const parent = made.get(JSON.stringify(steps.slice(0, -1))) as Level
    const options = loose({ keyEncoding: keys.option, valueEncoding: values.option })
    const sublevel = parent.sublevel<unknown, unknown>(steps.at(-1) as string, options)
    made.set(JSON.stringify(steps), sublevel as unknown as Level)
  }
  return [...made.values()]
}

/** Whether `other` is made by `place`, or by what that has made. */
function isBelow(other: Place, place: Place): boolean {
  const isSame = place.steps.every((step, i) => isDeepStrictEqual(step, other.steps[i]))
  return isSame && other.steps.length > place.steps.length
}

function timeOf(level: Level, version: number): number {
  const snapshot = level.snapshot({ at: version })
  const { timestamp } = snapshot
  void snapshot.close()
  return timestamp
}

function isOpen(snapshot: ZVerseSnapshot): boolean {
  try {
    snapshot.ref()
    snapshot.unref()
    return true
  } catch {
    return false
  }
}
