/**
 * The state of a session: the database, the prompt's place in the past, the open transaction, pins,
 * the entered store, and settings. Knows nothing of terminals.
 *
 * Invariants:
 * 1. In the past (`place`) there is no open transaction: `at` is refused while there is one.
 * 2. The prompt's version is pinned: retention does not release it.
 */
import type { Graph, ReadTransaction, Store, TupleKey, View, WriteTransaction } from '../index.js'
import { ZVerse } from '../index.js'
import type { Command } from './command.js'
import { type KeyForm, keyForm, type ValueForm, valueForm } from './literals.js'
import { placeName } from './place.js'
import type { Joining } from './replica.js'
import { readView, type ViewWord } from './views.js'
import { asWord, Mistake, type Word } from './words.js'

export type Database = ZVerse<unknown, unknown>
type Verbs = Store<unknown, unknown>
/** The read verbs that databases, stores and transactions share. */
export type Reads = Pick<
  Verbs,
  'get' | 'getEntry' | 'has' | 'range' | 'keys' | 'count' | 'history' | 'box' | 'nearest'
> &
  Pick<Verbs, 'where' | 'explain'>
/** The write verbs that databases, stores and transactions share. */
export type Writes = {
  [V in 'put' | 'delete' | 'clear']: (...args: Parameters<Verbs[V]>) => unknown
} & {
  update: (...args: Parameters<Verbs['update']>) => unknown
  batch: (...args: Parameters<Verbs['batch']>) => unknown
}

/** Versions that memory keeps where none are given. */
export const USUAL = 1000

/** The options for opening the database. */
export interface Opening {
  readonly keys: string
  readonly values: string
  readonly history?: number | undefined
  /** Versions that the disk keeps of the past. */
  readonly past?: number | undefined
  readonly maxBytes?: number | undefined
  /** A directory, and how it is opened. */
  readonly path?: string | undefined
  readonly sync?: 'commit' | 'interval' | 'never' | undefined
  readonly repair?: boolean | undefined
  readonly background?: boolean | undefined
  readonly onProgress?: ((progress: { done: number; total: number }) => void) | undefined
  /** The replicated log that the versions come from. */
  readonly replica?: Joining | undefined
}

export interface Codecs {
  readonly keys: KeyForm
  readonly values: ValueForm
}

/** A past version at which the prompt is. */
export interface Place {
  readonly label: string
  readonly version: number
  readonly held: ReadTransaction<unknown, unknown>
}

/** The entered store. */
export interface Entered {
  readonly name: string
  readonly verbs: Verbs
  /** The graph that it is, once that was asked for. */
  graph: Graph<TupleKey, unknown> | null
}

/** Thrown after Ctrl-C has ended a command. */
export class Interrupted extends Error {}

export class Session {
  readonly commands: readonly Command[]
  db: Database
  keys: KeyForm
  values: ValueForm
  /** The codecs of stores made from now on; of the database itself while it is empty. */
  made: Codecs
  entered: Entered | null = null
  place: Place | null = null
  tx: WriteTransaction<unknown, unknown> | null = null
  readonly pins = new Map<number, ReadTransaction<unknown, unknown>>()
  watch: Watch | null = null
  timing = false
  /** True if commands come from standard input, which then has no data. */
  inputIsCommands = false
  /** Rows per page. */
  limit: number
  #interrupted = false
  /** Ends the waiting for a log. */
  #stopped = () => {}
  /** True if the directory had no database before. */
  wasMade = false
  /** Set by `exit`. */
  ended = false
  readonly #opening: Opening
  /** The codecs of the unnamed store. */
  #unnamed: Codecs

  /** @param db a replica, which has been joined by these options */
  constructor(
    commands: readonly Command[],
    opening: Opening,
    limit = Number.POSITIVE_INFINITY,
    db?: Database,
  ) {
    this.commands = commands
    this.limit = limit
    this.#opening = opening
    this.keys = keyForm(opening.keys)
    this.values = valueForm(opening.values)
    this.made = { keys: this.keys, values: this.values }
    this.#unnamed = this.made
    this.db = db ?? this.#open()
  }

  #open(): Database {
    const { history, past, keys: _, values: __, replica: ___, ...others } = this.#opening
    const disk = past === undefined ? undefined : { versions: past }
    const isGiven = history !== undefined || past !== undefined
    return ZVerse.open({
      ...others,
      ...{ keys: this.made.keys.option, values: this.made.values.option },
      history: isGiven ? { versions: history ?? USUAL, disk } : undefined,
    }) as unknown as Database
  }

  /** A new database in a directory, with the codecs and the memory of this one; it keeps all of its past. */
  openBeside(path: string): Database {
    return ZVerse.open({
      ...{ path, maxBytes: this.#opening.maxBytes, sync: 'never', background: false },
      ...{ keys: this.made.keys.option, values: this.made.values.option },
      history: { versions: USUAL, disk: {} },
    }) as unknown as Database
  }

  // ── Codecs and stores ─────────────────────────────────────────────────────────────────────────

  /** The directory of the database; undefined in memory. */
  get path(): string | undefined {
    return this.#opening.path
  }

  /** True if the directory was opened by `zverse repair`. */
  get repairs(): boolean {
    return this.#opening.repair === true
  }

  /** The replicated log, if there is one. */
  get replica(): Joining | undefined {
    return this.#opening.replica
  }

  /** @throws Mistake in memory */
  mustHaveDirectory(): string {
    const { path } = this
    if (path !== undefined) return path
    if (this.replica !== undefined) {
      throw new Mistake(
        'this replica is in memory',
        '`zverse DIR --nats …` keeps one in a directory',
      )
    }
    throw new Mistake('the database is in memory', '`zverse DIR` opens one in a directory')
  }

  /** True before the first write, where nothing keeps the codecs yet. */
  get isNew(): boolean {
    const keepsCodecs = this.path !== undefined || this.replica !== undefined
    return !keepsCodecs && this.db.version === 0 && this.tx === null && this.place === null
  }

  /** Changes the codecs; those of the database itself while it is new. @returns whether it was new */
  setCodecs(codecs: Partial<Codecs>): boolean {
    this.made = { ...this.made, ...codecs }
    if (!this.isNew) return false
    this.#release()
    this.db.close()
    this.db = this.#open()
    this.#unnamed = this.made
    this.leaveStore()
    return true
  }

  /** Goes back to the unnamed store. */
  leaveStore(): void {
    this.entered = null
    this.keys = this.#unnamed.keys
    this.values = this.#unnamed.values
  }

  /** Enters a store, and makes it if there is none. @returns whether it was made */
  async enter(name: string, codecs: Partial<Codecs> = {}): Promise<boolean> {
    const there = this.stores().find(store => store.name === name)
    if (there === undefined) this.mustBePresent(`there is no store ${asWord(name)} there`)
    const keys = codecs.keys ?? (there === undefined ? this.made.keys : keyForm(there.keys))
    const values =
      codecs.values ?? (there === undefined ? this.made.values : valueForm(there.values))
    const [verbs, isMade] = await this.change(() => {
      const isMade = !this.db.stores().some(store => store.name === name)
      return [this.db.store(name, { keys: keys.option, values: values.option }), isMade]
    })
    this.entered = { name, verbs: verbs as unknown as Verbs, graph: null }
    this.keys = keys
    this.values = values
    return isMade
  }

  /** The stores of the prompt's version. */
  stores() {
    return this.db.stores(this.place === null ? undefined : { snapshot: this.place.held })
  }

  // ── Reading and writing ───────────────────────────────────────────────────────────────────────

  /** Verbs of the database or the entered store, outside of any transaction. */
  get verbs(): Verbs {
    return this.entered === null ? (this.db as unknown as Verbs) : this.entered.verbs
  }

  /** The reader for the prompt's version, or for a given view; with the view to pass on. */
  reader(view: Word | undefined): { from: Reads; view: View } {
    if (view !== undefined) return { from: this.verbs, view: this.view(view) }
    if (this.tx !== null) {
      const { tx, entered } = this
      return { from: entered === null ? tx : tx.store(entered.verbs), view: {} }
    }
    return { from: this.verbs, view: this.here }
  }

  /** The writer: the open transaction, or the database. @throws Mistake in the past */
  writer(): Writes {
    this.mustBePresent('nothing can be written there')
    if (this.tx === null) return this.verbs
    return this.entered === null ? this.tx : this.tx.store(this.entered.verbs)
  }

  /** The version that a write has made, or that the open transaction will make. */
  written(version: unknown): number {
    return this.tx === null ? (version as number) : this.tx.version
  }

  /**
   * Runs a verb that writes: the one place from which writes go into the log of a replica, which decides on them. There
   * the verb may run again, on what other nodes have written, and its effect is there when the promise resolves.
   * @throws Interrupted after Ctrl-C, which ends the waiting
   */
  async change<T>(verb: () => T): Promise<T> {
    return this.replica === undefined ? verb() : this.#unlessStopped(this.db.change(verb))
  }

  /** Waits until all that was committed on any node is here. @returns the version then @throws Interrupted */
  async synced(): Promise<number> {
    return this.#unlessStopped(this.db.sync())
  }

  /** What a log is waited for, unless Ctrl-C comes first. */
  async #unlessStopped<T>(done: Promise<T>): Promise<T> {
    const stopped = new Promise<never>((_, reject) => {
      this.#stopped = () => reject(new Interrupted('stopped: what is under way goes on'))
    })
    try {
      return await Promise.race([done, stopped])
    } finally {
      this.#stopped = () => {}
    }
  }

  /** @throws Mistake on a replica, where each change is made at once */
  mustBeAlone(what: string, hint: string): void {
    if (this.replica !== undefined) throw new Mistake(`a replica has no ${what}`, hint)
  }

  mustBePresent(what: string): void {
    if (this.place === null) return
    const { label } = this.place
    throw new Mistake(
      `the prompt is at ${label}, in the past: ${what}`,
      `\`now\` goes back to the present, \`restore\` makes the present as it was at ${label}`,
    )
  }

  mustHaveNoTransaction(what: string): void {
    if (this.tx === null) return
    throw new Mistake(`${what} has to wait: a transaction is open`, '`commit` or `abort` it first')
  }

  // ── Views ─────────────────────────────────────────────────────────────────────────────────────

  /** The view of the prompt's version. */
  get here(): View {
    return this.place === null ? {} : { snapshot: this.place.held }
  }

  /** The prompt's version. */
  get version(): number {
    return this.place === null ? this.db.version : this.place.version
  }

  /** The view of a word; without one, the prompt's. @throws Mistake */
  view(word: Word | undefined): View {
    if (word === undefined) return this.here
    const said = this.#said(word)
    if (said.is === 'now') return {}
    if (said.is === 'tag') return { at: said.tag }
    if (said.is === 'date') return this.#isTag(said.tag) ? { at: said.tag } : { asOf: said.date }
    const version = this.#numbered(said)
    const pin = this.pins.get(version)
    return pin === undefined ? { at: version } : { snapshot: pin }
  }

  #said(word: Word): ViewWord {
    try {
      return readView(word)
    } catch (error) {
      // A tag may look like a date that does not exist.
      if (this.#isTag(word.text)) return { is: 'tag', tag: word.text }
      throw error
    }
  }

  #numbered(said: Extract<ViewWord, { is: 'version' | 'back' }>): number {
    if (said.is === 'version') return said.version
    const version = this.version - said.versions
    if (version >= 0) return version
    throw new Mistake(`-${said.versions} is before version 0: the prompt is at ${this.version}`)
  }

  /** A tag wins over a date of the same text. */
  #isTag(name: string): boolean {
    try {
      this.db.beginRead({ at: name }).close()
      return true
    } catch {
      return false
    }
  }

  /** The version that a word means. */
  versionOf(word: Word): number {
    const held = this.db.beginRead(this.view(word))
    const { version } = held
    held.close()
    return version
  }

  /** Moves the prompt. */
  goTo(word: Word): Place {
    this.mustHaveNoTransaction('moving into the past')
    const held = this.db.beginRead(this.view(word))
    const { version } = held
    const said = this.#said(word)
    const label = said.is === 'version' || said.is === 'back' ? String(version) : word.text
    this.leave()
    this.place = { label, version, held }
    return this.place
  }

  /** Comes back to the present. */
  leave(): void {
    this.place?.held.close()
    this.place = null
  }

  // ── The prompt ────────────────────────────────────────────────────────────────────────────────

  /** `zverse`, `zverse data` of a directory or stream, `zverse:users`, `zverse@41`, `zverse*`; no `> `. */
  get prompt(): string {
    const where = this.replica?.name ?? (this.path === undefined ? '' : placeName(this.path))
    const isCut = this.db.replica?.connected === false
    const directory = `${where === '' ? '' : ` ${where}`}${isCut ? ' (not connected)' : ''}`
    const store = this.entered === null ? '' : `:${asWord(this.entered.name)}`
    const place = this.place === null ? '' : `@${asWord(this.place.label)}`
    return `zverse${directory}${store}${place}${this.tx === null ? '' : '*'}`
  }

  /** Set by Ctrl-C. */
  get interrupted(): boolean {
    return this.#interrupted
  }

  set interrupted(is: boolean) {
    this.#interrupted = is
    if (is) this.#stopped()
  }

  /** @throws Interrupted after Ctrl-C */
  goesOn(): void {
    if (this.interrupted) throw new Interrupted('stopped')
  }

  #release(): void {
    this.tx?.abort()
    this.tx = null
    this.leave()
    for (const pin of this.pins.values()) pin.close()
    this.pins.clear()
    this.watch?.held.close()
    this.watch = null
  }

  /**
   * Ends the session: at once, but for a replica, which has what is under way written first.
   * @returns true if a transaction was open, which is aborted
   * @throws ZVerseError `ZVERSE_IO` if commits that were to be synced some time cannot be
   */
  async close(): Promise<boolean> {
    const open = this.tx !== null
    try {
      this.#release()
      // Else closing would: but nobody would hear of it if that failed.
      const { sync } = this.#opening
      if (sync !== undefined && sync !== 'commit') this.db.flush()
    } finally {
      await this.db.close()
    }
    return open
  }
}

/** The range that `watch` watches. */
export interface Watch {
  readonly verbs: Verbs
  readonly range: object
  readonly keys: KeyForm
  readonly values: ValueForm
  /** The last version seen, pinned so that retention does not release it. */
  held: ReadTransaction<unknown, unknown>
}
