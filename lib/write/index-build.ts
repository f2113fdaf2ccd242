/**
 * An index that is built beside the writers: of a pinned version, in private memory, then brought up to what has changed
 * since, and put into the tree in a transaction.
 *
 * Invariant: the keys gathered are those that the entries of the pinned version give the index, or will be when what is
 * under way has been read to its end. What cannot be indexed is an error only where it is still
 * there in the end.
 */
import { INDEX_KEYS, nameOfIndex } from '../engine/names.js'
import { ZVerseError } from '../errors.js'
import type { Defined, Known } from '../indexes/definition.js'
import type { Drafts, IndexDraft } from '../indexes/index-draft.js'
import { unfitValue } from '../indexes/unfit.js'
import { KeyBuffer } from '../key/codec.js'
import { copyKey, nameOf } from '../memory/entry.js'
import type { Held } from '../read/held.js'
import type { Source } from '../read/source.js'
import { Cursor, WHOLE } from '../tree/cursor.js'
import { DiffCursor } from '../tree/diff.js'
import { Draft } from '../tree/draft.js'
import type { Transaction } from './transaction.js'

/** Gives the next difference: an entry that goes, one that comes, 0 for none; false at the end. */
type Next = (use: (before: number, after: number) => void) => boolean

/** Nothing is in a tree yet. */
const NO_DRAFTS: Drafts = {
  draftOf: () => new Draft(),
  rootOf: () => 0,
}

export class IndexBuild {
  readonly #source: Source
  readonly #known: Known
  readonly #index: IndexDraft
  readonly #key = new KeyBuffer()
  /** Why entries cannot be indexed, by their keys. */
  readonly #unfit = new Map<string, ZVerseError>()
  /** The version that the keys are of; and the one before, while it is compared with. */
  #held: Held
  #before: Held | null = null
  #next: Next | null

  constructor(source: Source, name: string, defined: Defined) {
    const { engine } = source.core
    engine.derived.check(name, defined)
    this.#source = source
    // What it is a store by, and of, is known in the end.
    this.#known = { id: 0, of: 0, name, defined }
    this.#index = engine.indexDraft(this.#known, NO_DRAFTS)
    this.#held = source.hold(undefined)
    const cursor = new Cursor(engine.W, this.#held.root, WHOLE, false, Number.POSITIVE_INFINITY)
    this.#next = use => {
      const entry = cursor.next()
      if (entry !== 0) use(0, entry)
      return entry !== 0
    }
  }

  /** Lets go of what it has pinned. Idempotent. */
  release(): void {
    this.#before?.release()
    this.#held.release()
  }

  /** Reads at most so many entries; how many, 0 where all are read. */
  read(most: number): number {
    if (this.#next === null) return 0
    this.#before?.check()
    this.#held.check()
    const take = (before: number, after: number) => this.#take(before, after)
    let count = 0
    while (count < most && this.#next(take)) count++
    this.#index.digest()
    if (count === most) return count
    this.#next = null
    this.#before?.release()
    this.#before = null
    // Most of the sorting is done when the turn comes.
    this.#index.settle()
    return count
  }

  /** What has changed up to the present version is to be read next. */
  catchUp(): void {
    const before = this.#held
    const after = this.#source.hold(undefined)
    this.#before = before
    this.#held = after
    this.#next = differences(this.#source.core.engine.W, before.root, after.root)
  }

  /** Makes the index in a transaction that has begun. @throws ZVerseError as `index` of a store */
  finish(tx: Transaction): Known {
    const { engine } = tx
    const { core } = this.#source
    const { name, defined } = this.#known
    const of = tx.idOf(core)
    const id = tx.createStore(nameOfIndex(of, name), INDEX_KEYS, defined.text)
    const known = { id, of, name, defined }
    const follower = engine.follower([this.#index])
    tx.change(() => {
      // What was gathered is in order: a tree is built of it. Then what has changed since, which is little.
      this.#index.move(known, tx)
      follower.flush()
      const next = differences(engine.W, this.#held.root, tx.rootOf(of))
      while (next((before, after) => this.#take(before, after)));
      const [unfit] = this.#unfit.values()
      if (unfit !== undefined) throw unfit
      follower.flush()
      follower.prove()
    })
    return known
  }

  #take(before: number, after: number): void {
    const { W, values } = this.#source.core.engine
    const { encoded } = this.#known.defined
    const key = this.#key
    const index = this.#index
    copyKey(W, after === 0 ? before : after, key)
    if (encoded !== null && before !== 0) values.before.open(before, encoded)
    if (encoded !== null && after !== 0) values.after.open(after, encoded)
    if (this.#unfit.size > 0) this.#unfit.delete(nameOf(key))
    let error: ZVerseError | null = null
    try {
      const unfit = index.look(values, before, after, key)
      if (unfit !== null) error = unfitValue(this.#known, unfit)
    } catch (thrown) {
      if (!(thrown instanceof ZVerseError) || thrown.code !== 'ZVERSE_INVALID_VALUE') throw thrown
      error = thrown
    }
    if (error !== null) {
      this.#unfit.set(nameOf(key), error)
      // What goes, goes.
      if (before !== 0) index.look(values, before, 0, key)
    }
    if (error === null || before !== 0) index.note(key)
  }
}

function differences(W: Uint32Array, before: number, after: number): Next {
  const cursor = new DiffCursor(W, before, after, WHOLE)
  return use => {
    if (!cursor.next()) return false
    use(cursor.before, cursor.after)
    return true
  }
}
