/** Versions that memory has let go of, from runs and a later version, as docs/file-format.md has it. */
import type { Interval, Key, Run } from './run.js'
import type { StoreState, VersionState } from './state.js'
import { Unsound } from './words.js'

export interface ManifestRun {
  readonly number: number
  readonly from: number
  readonly to: number
  readonly bytes: number
  readonly birth: number
  readonly kept?: number[]
}

export interface ManifestPast {
  readonly from: number
  readonly to: number
  readonly floor: number
  readonly runs: ManifestRun[]
}

/** The times of a tagged version, and of the one after it. */
export interface TaggedTime {
  readonly time: number
  readonly ended: number
}

const UNNAMED = -1
const NAMES = 0

function need(fact: boolean, what: string): void {
  if (!fact) throw new Unsound(`past: ${what}`)
}

/** A key, as text. */
export const textOf = ({ store, key }: Key) => `${store} ${key}`

export class Past {
  readonly #past: ManifestPast
  readonly #intervals: Interval[]
  readonly #times = new Map<number, number>()
  /** By version: the keys that it changed, as its run lists them. */
  readonly listed = new Map<number, Set<string>>()

  constructor(past: ManifestPast, runs: Run[]) {
    this.#past = past
    this.#intervals = runs.flatMap((run, i) => {
      const { from, to, birth, kept } = past.runs[i] as ManifestRun
      const next = past.runs[i + 1]?.from ?? past.to
      need(past.from <= from && from <= to && to <= next, 'runs follow one another')
      need(run.from <= from && to === run.to, `run ${run.number} has what died after ${from}`)
      const [first = { version: to }, last = first] = [run.lines[0], run.lines.at(-1)]
      need(first.version === from && last.version === to, `lines are of versions ${from} to ${to}`)
      need(run.birth === birth, `${birth} is the least birth of run ${run.number}`)
      const isRight = kept === undefined || (from === to && kept.every(Number.isInteger))
      need(isRight, `run ${run.number} is kept for tags where nothing else needs it`)
      for (const line of run.lines) this.#line(line, run, to)
      return run.intervals
    })
    // The last one is in the base, or the log.
    for (let version = this.#oldest; version < past.to; version++) {
      need(this.#times.has(version), `version ${version} has a line`)
    }
  }

  /** The oldest version that may be read by number. */
  get #oldest(): number {
    return Math.max(this.#past.from, this.#past.floor)
  }

  #line({ version, time, deaths, arrivals }: Run['lines'][number], run: Run, to: number): void {
    if (version > to) return
    const known = this.#times.get(version)
    need(known === undefined || known === time, `version ${version} has one time`)
    this.#times.set(version, time)
    const isFirst = version === run.lines[0]?.version
    if (isFirst) need(deaths.length + arrivals.length === 0, 'the first line is of what was before')
    else this.listed.set(version, new Set([...deaths, ...arrivals].map(textOf)))
  }

  /** Of versions before those of the base and the log: all that can be read, by number or by a tag. */
  before(known: VersionState[], tagged: Map<number, TaggedTime>): VersionState[] {
    const { to } = this.#past
    const bases = known.filter(({ version }) => version <= to)
    need(bases.length > 0, `what the base has begins at ${to} or before`)
    const numbers = new Set(tagged.keys())
    for (let version = this.#oldest; version < to; version++) numbers.add(version)
    const rebuilt: VersionState[] = []
    for (const version of [...numbers].sort((one, other) => one - other)) {
      const later = bases.filter(base => base.version > version)
      const ends = later.length > 1 ? [later[0], later.at(-1)] : later
      const [first, ...others] = ends.map(base => this.#rebuild(version, base as VersionState))
      const same = known.find(one => one.version === version)
      if (same !== undefined) others.push(same.stores)
      if (first === undefined) continue
      const text = textOfStores(first)
      const isSame = others.every(other => textOfStores(other) === text)
      need(isSame, `from one later version and another, ${version} is the same`)
      if (same !== undefined) continue
      const times = tagged.get(version)
      const time = this.#times.get(version) ?? times?.time
      if (time === undefined) throw new Unsound(`past: version ${version} has a time`)
      need(times === undefined || times.time === time, `version ${version} has one time`)
      const ended = this.#times.get(version + 1) ?? times?.ended
      rebuilt.push({ version, time, ended, stores: first })
    }
    return rebuilt
  }

  /** A version: what a later one has of it, and what died since. */
  #rebuild(version: number, later: VersionState): Map<number, StoreState> {
    const stores = new Map<number, StoreState>()
    for (const [id, store] of later.stores) {
      if (id === UNNAMED || store.born <= version) stores.set(id, { ...store, entries: new Map() })
    }
    const died = this.#intervals.filter(({ value, death }) => {
      return value.version <= version && version < death && death <= later.version
    })
    for (const { store, key, value } of died) {
      if (store !== NAMES) continue
      const name = Buffer.from(key, 'hex').toString()
      const { id, keys, values } = JSON.parse(Buffer.from(value.value, 'hex').toString())
      need(!stores.has(id), `version ${version} has store ${id} once`)
      stores.set(id, { id, name, keys, values, born: value.version, entries: new Map() })
    }
    for (const { store, key, value } of died) {
      if (store !== NAMES) this.#put(version, stores.get(store), store, key, value)
    }
    for (const [id, { entries }] of later.stores) {
      for (const [key, value] of entries) {
        if (value.version <= version) this.#put(version, stores.get(id), id, key, value)
      }
    }
    return stores
  }

  #put(at: number, to: StoreState | undefined, id: number, key: string, value: Interval['value']) {
    if (to === undefined) throw new Unsound(`past: version ${at} has a store ${id}`)
    need(!to.entries.has(key), `version ${at} has ${key} of store ${id} once`)
    to.entries.set(key, value)
  }
}

/** Stores in one order, to be compared. */
function textOfStores(stores: Map<number, StoreState>): string {
  const sorted = [...stores.values()].sort((one, other) => one.id - other.id)
  return JSON.stringify(sorted.map(store => ({ ...store, entries: [...store.entries].sort() })))
}

/** The keys that differ between two versions, as text. */
export function changedBetween(before: VersionState, after: VersionState): Set<string> {
  const [old, now] = [entriesOf(before), entriesOf(after)]
  const keys = new Set([...old.keys(), ...now.keys()])
  return new Set([...keys].filter(key => old.get(key) !== now.get(key)))
}

/** By key, as text: the version that wrote it. Stores' names are keys of store 0. */
function entriesOf({ stores }: VersionState): Map<string, number> {
  const births = new Map<string, number>()
  for (const { id, name, born, entries } of stores.values()) {
    const key = Buffer.from(name ?? '').toString('hex')
    if (id !== UNNAMED) births.set(textOf({ store: NAMES, key }), born)
    for (const [key, { version }] of entries) births.set(textOf({ store: id, key }), version)
  }
  return births
}
