/**
 * The world of a run of steps: levels, and the oracle's idea of them; how steps name them by
 * numbers; and how the results of both are compared.
 */
import { isDeepStrictEqual } from 'node:util'
import type { MappedChanges, ZVerseLevel, ZVerseSnapshot } from '../../lib/level/index.js'
import { Mismatch, show } from '../support/outcome.js'
import type { Coding, Place } from './support-codings.js'
import { Fault, Model, type ModelIterator, type Row, type Span } from './support-model.js'
import type { OperationStep, RangeStep, When } from './support-steps.js'

export type Level = ZVerseLevel<unknown, unknown>

/** The part of the database under the level that a run needs. */
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

export interface Past {
  readonly level: Level
  readonly place: Place
  readonly version: number
}

export interface OpenIterator {
  readonly real: ReturnType<Level['iterator']>
  readonly model: ModelIterator
  readonly item: (row: Row) => unknown
  readonly place: Place
  readonly keys: Coding
  readonly snapshot: OpenSnapshot | undefined
}

export interface OpenSnapshot {
  readonly real: ZVerseSnapshot
  readonly version: number
  isOpen: boolean
}

export interface OpenChanges {
  readonly real: MappedChanges<{ version: number; timestamp: number; changes: unknown[] }>
  readonly span: Span
  readonly change: (row: { key: Buffer; after: Row | undefined }) => unknown
  since: number
}

export type Outcome = { value: unknown } | { code: string }

/** An operation of a batch, and its expected effect. */
export interface Made {
  readonly given: { type: string; key: unknown; value: unknown; [option: string]: unknown }
  readonly write: { key: Buffer; value: Buffer | null }
}

/** Options with unknown contents, for methods whose types ask for more. */
export const loose = (options: object) => options as never

export function pick<T>(from: readonly T[], n: number): T {
  return from[n % from.length] as T
}

export class World {
  protected readonly subject: Subject
  protected readonly model: Model
  protected readonly levels: readonly Level[]
  protected readonly pasts: Past[] = []
  protected readonly iterators: OpenIterator[] = []
  protected readonly snapshots: OpenSnapshot[] = []
  protected readonly openChanges: OpenChanges[] = []
  /** The steps that were refused because the memory was full. */
  full = 0

  constructor(subject: Subject) {
    const { level, db, places } = subject
    this.subject = subject
    this.model = new Model(() => db.oldestVersion)
    // A store that had to be made first.
    while (this.model.version < db.version) this.model.states.push([])
    this.levels = reach(level, places)
    this.model.times.splice(0, 1, ...this.model.states.map((_, at) => timeOf(level, at)))
  }

  protected made(
    to: { place: Place; level: Level },
    operation: OperationStep,
    isChained: boolean,
  ): Made {
    const { places } = this.subject
    // Level's chained batch gives a wrong key to a del for a sublevel that is not below its own.
    const mayBe =
      isChained && !operation.isPut ? places.filter(other => isBelow(other, to.place)) : places
    const isOwn = operation.place === undefined || mayBe.length === 0
    const place = isOwn ? to.place : pick(mayBe, operation.place as number)
    const sublevel = isOwn || place === places[0] ? undefined : this.levels[places.indexOf(place)]
    const target = sublevel === undefined ? to.place : place
    const keys = this.writeKeys(target, operation.k)
    const values = this.writeValues(target, operation.v)
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

  /** A write through a level: levels of the past refuse it, and so does full memory. */
  protected async commit(
    to: { level: Level; version: number | undefined },
    real: () => Promise<unknown>,
    writes: { key: Buffer; value: Buffer | null }[],
  ): Promise<void> {
    const done = await outcome(real)
    if (to.version !== undefined) this.same('write', done, { code: 'LEVEL_READONLY' })
    // Deletions always fit.
    else if (isFull(done) && writes.some(({ value }) => value !== null)) this.full++
    else {
      this.same('write', done, { value: undefined })
      this.model.commit(writes)
    }
  }

  /** The levels of the present and, behind them, those of the past that are open. */
  protected placeAt(n: number): { level: Level; place: Place; version: number | undefined } {
    const { places } = this.subject
    const i = n % (places.length + this.pasts.length)
    const past = this.pasts[i - places.length]
    if (past !== undefined) return past
    return { level: this.levels[i] as Level, place: places[i] as Place, version: undefined }
  }

  protected snapshotAt(n: number): OpenSnapshot | undefined {
    return n < 0 || this.snapshots.length === 0 ? undefined : pick(this.snapshots, n)
  }

  /** The place of a read, and its entries. */
  protected sourceOf(n: number, slot: number) {
    const { level, place, version } = this.placeAt(n)
    const snapshot = this.snapshotAt(slot)
    const state = () => {
      if (snapshot?.isOpen === false) fault('LEVEL_SNAPSHOT_NOT_OPEN')
      return this.stateAt(snapshot?.version ?? version ?? this.model.version)
    }
    return { level, place, snapshot, state }
  }

  protected stateAt(version: number) {
    return this.model.states[version] as readonly Row[]
  }

  protected codingsOf(place: Place, k: number, v: number) {
    const keys = this.readCoding(place.keys, k)
    const values = this.readCoding(place.values, v)
    const keyEncoding = k === 0 ? undefined : keys.option
    const valueEncoding = v === 0 ? undefined : values.option
    return { keys, values, options: { keyEncoding, valueEncoding } }
  }

  protected readCoding(own: Coding, n: number): Coding {
    const total = this.subject.codings.filter(({ isTotal }) => isTotal)
    return pick([own, ...total], n)
  }

  protected writeKeys(place: Place, n: number): Coding {
    return place.keys.isTotal ? this.readCoding(place.keys, n) : place.keys
  }

  protected writeValues(place: Place, n: number): Coding {
    return place.values.isTotal ? this.readCoding(place.values, n) : place.values
  }

  protected spanOf(place: Place, keys: Coding, range: RangeStep) {
    const prefix = Buffer.from(place.prefix)
    const given = Object.entries(range).filter(([, n]) => n !== undefined) as [string, number][]
    const atoms = given.map(([name, n]) => [name, pick(keys.atoms, n)] as const)
    const spans = atoms.map(([name, atom]) => [name, join(place, keys.bytes(atom))] as const)
    const span: Span = { ...Object.fromEntries(spans), prefix }
    return { bounds: Object.fromEntries(atoms), span }
  }

  protected moment({ how, n }: When): number | string | Date | undefined {
    if (how === 'now') return undefined
    if (how === 'tag') return pick(['one', 'two', 'three', 'four'], n)
    const version = n % (this.model.version + 2)
    if (how === 'version') return version
    return new Date((this.model.times[version] ?? this.model.times.at(-1) ?? 0) - (n % 3))
  }

  protected async agree(what: string, real: () => unknown, model: () => unknown): Promise<void> {
    const expected = await outcome(model)
    this.same(what, await outcome(real), expected)
  }

  protected same(what: string, actual: Outcome, expected: Outcome): void {
    if (isDeepStrictEqual(actual, expected)) return
    throw new Mismatch(`${what}\n  expected ${show(expected)}\n  got      ${show(actual)}`)
  }
}

export async function outcome(action: () => unknown): Promise<Outcome> {
  try {
    return { value: await action() }
  } catch (error) {
    const { code } = error as { code?: unknown }
    if (typeof code !== 'string') throw error
    return { code }
  }
}

export function isFull(outcome: Outcome): boolean {
  return 'code' in outcome && outcome.code === 'ZVERSE_FULL'
}

export function fault(code: string): never {
  throw new Fault(code)
}

export function join(place: Place, key: Buffer): Buffer {
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

/** Whether `place` made `other`, directly or not. */
function isBelow(other: Place, place: Place): boolean {
  const isSame = place.steps.every((step, i) => isDeepStrictEqual(step, other.steps[i]))
  return isSame && other.steps.length > place.steps.length
}

export function timeOf(level: Level, version: number): number {
  const snapshot = level.snapshot({ at: version })
  const { timestamp } = snapshot
  void snapshot.close()
  return timestamp
}

export function isOpen(snapshot: ZVerseSnapshot): boolean {
  try {
    snapshot.ref()
    snapshot.unref()
    return true
  } catch {
    return false
  }
}
