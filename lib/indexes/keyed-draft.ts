/**
 * An index whose keys are index keys, each with the key of an entry behind it: which keys come and go, and how they are
 * changed in its tree. For the owner of the writer lock.
 */
import { ZVerseError } from '../errors.js'
import { KeyBuffer } from '../key/codec.js'
import { keyCodecNamed } from '../key/resolve.js'
import { type KeyWords, keyBytesOf, NO_VALUE } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import { compareKeys } from '../memory/words.js'
import { BulkTree } from '../tree/bulk.js'
import { Cursor, prefixed } from '../tree/cursor.js'
import type { Draft } from '../tree/draft.js'
import type { Known } from './definition.js'
import type { Derived } from './derived.js'
import { EdgeKeys } from './edge-key.js'
import { IndexEntryKeys, indexKeyWords } from './entry-key.js'
import { Extractor, IndexKeys, type Unfit } from './extract.js'
import { type BothValues, type Drafts, IndexDraft, isUnchanged, type Tools } from './index-draft.js'
import { unpack } from './packed.js'
import { Pending } from './pending.js'
import type { Reverse } from './reverse.js'

/** Behind the index keys of a graph there are no others. */
const NO_KEY = { words: new Uint32Array(0), bytes: 0 }

/** Keys that wait at most before they are written: a bound on private memory. */
const MOST_PENDING = 2 ** 16
/** The same where an index is filled. */
const MOST_BUILT = 2 ** 22

/** Buffers that the indexes of a handle use one after the other. */
export class Scratch {
  readonly key = new KeyBuffer()
  readonly last = new KeyBuffer()
}

/** An index by property or place, or of a graph: its changes wait, and are made in key order. */
export class KeyedDraft extends IndexDraft {
  readonly #scratch: Scratch
  readonly pending = new Pending()
  /** Keys that have come into a unique index: nothing says yet that no other entry has the index key. */
  readonly #doubtful: { readonly words: Uint32Array; readonly bytes: number }[] = []
  readonly #extractor: Extractor
  /** The index keys of entries, where a function gives them. */
  readonly reverse: Reverse | null
  readonly #derived: Derived
  /** Of a graph. */
  readonly #edges: EdgeKeys | null
  readonly #before = new IndexKeys()
  readonly #after = new IndexKeys()
  /** The entry that is looked at leaves the index as it is. */
  #isSame = false

  constructor(
    known: Known,
    drafts: Drafts,
    tools: Tools,
    scratch: Scratch,
    derived: Derived,
    reverse: Reverse | null,
  ) {
    super(known, drafts, tools)
    this.#scratch = scratch
    this.#derived = derived
    this.reverse = reverse
    this.#extractor = new Extractor(known.defined)
    this.#edges = known.defined.kind === 'graph' ? new EdgeKeys() : null
  }

  /** Changes that wait are no more to be made. */
  forget(): void {
    this.pending.clear()
    this.reverse?.clear()
    if (this.#doubtful.length > 0) this.#doubtful.length = 0
  }

  /** There are changes to make. */
  get hasChanges(): boolean {
    return this.pending.count > 0
  }

  /** Finds the index keys of an entry that goes and of one that comes, 0 for none, both of key `primary`. */
  look(values: BothValues, old: number, entry: number, primary: KeyBuffer): Unfit | null {
    const { before, after } = values
    this.#before.clear()
    this.#after.clear()
    if (this.#edges !== null) return this.#lookAtEdge(this.#edges, old, entry, primary)
    if (this.reverse !== null) {
      if (entry !== 0) {
        unpack(this.#derived.ofPut(this.known, entry), this.#after)
        const unfit = this.#extractor.bound(this.#after, primary.bytes)
        if (unfit !== null) return unfit
      }
      if (old !== 0) this.reverse.read(this.root, primary, this.#before)
      this.#isSame = this.#before.isSame(this.#after)
      return null
    }
    this.#isSame = old !== 0 && entry !== 0 && isUnchanged(this.known.defined, values)
    if (this.#isSame) return null
    if (entry !== 0) {
      const unfit =
        this.#extractor.extract(after.reader, after.from, this.#after) ??
        this.#extractor.bound(this.#after, primary.bytes)
      if (unfit !== null) return unfit
    }
    if (old !== 0) {
      this.#extractor.extract(before.reader, before.from, this.#before)
      this.#extractor.bound(this.#before, primary.bytes)
    }
    this.#isSame = this.#before.isSame(this.#after)
    return null
  }

  /** An edge is found by its key, whatever its value is. */
  #lookAtEdge(edges: EdgeKeys, old: number, entry: number, primary: KeyBuffer): Unfit | null {
    this.#isSame = old !== 0 && entry !== 0
    if (this.#isSame) return null
    const isEdge = edges.turnInto(primary, entry === 0 ? this.#before : this.#after)
    return isEdge ? null : { what: 'edge', path: '' }
  }

  /** Notes what {@link look} has found, for the entry of a key. */
  note(key: KeyBuffer): void {
    if (this.#isSame) return
    this.reverse?.note(key, this.#after)
    const primary = this.#edges === null ? key : NO_KEY
    const [before, after] = [this.#before, this.#after]
    let [i, j] = [0, 0]
    while (i < before.count || j < after.count) {
      const order = before.compareTo(i, after, j)
      if (order < 0) this.#add(false, before, i++, primary)
      else if (order > 0) this.#add(true, after, j++, primary)
      else {
        i++
        j++
      }
    }
  }

  /** A key has come: in a unique index another entry may have its index key. */
  #doubt({ words, bytes }: KeyBuffer): void {
    if (!this.known.defined.unique) return
    this.#doubtful.push({ words: words.slice(0, (bytes + 3) >>> 2), bytes })
  }

  /** True if two keys of the index have the same index key; of no bytes: there is none. */
  #isOfOne(a: KeyBuffer, b: KeyBuffer): boolean {
    if (a.bytes === 0) return false
    const size = indexKeyWords(this.known.defined, a.words, 0)
    for (let i = 0; i < size; i++) if (a.words[i] !== b.words[i]) return false
    return true
  }

  #add(comes: boolean, keys: IndexKeys, i: number, primary: KeyWords): void {
    this.pending.add(comes, keys.bytes, keys.places[i], keys.places[i + 1], primary)
  }

  isFull(isFilling: boolean): boolean {
    const { count } = this.pending
    if (count < MOST_PENDING) return false
    // A tree is best built of all there is.
    return count >= MOST_BUILT || !(isFilling || isEmptied(this.draft))
  }

  override settle(): void {
    this.pending.keepComing()
  }

  goBack(): void {
    this.pending.clear()
    this.reverse?.clear()
  }

  override prove(): void {
    for (const key of this.#doubtful) this.#proveOne(key)
    if (this.#doubtful.length > 0) this.#doubtful.length = 0
  }

  /** Throws where another entry has the index key of a key that has come into a unique index. */
  #proveOne({ words, bytes }: { words: Uint32Array; bytes: number }): void {
    const { W } = this.tools
    const { key } = this.#scratch
    const { draft, known } = this
    const size = indexKeyWords(known.defined, words, 0) * 4
    key.words.set(words.subarray(0, size / 4))
    key.bytes = size
    const cursor = new Cursor(W, draft.live.root, prefixed(key), false, 2)
    const first = cursor.next()
    const second = cursor.next()
    if (second === 0) return
    const isFirst = isKey(W, first, words, bytes)
    throw notUnique(known, W, isFirst ? second : first)
  }

  flush(): void {
    const { pending } = this
    if (isEmptied(this.draft) && pending.onlyCome) this.#build()
    else this.#change()
    pending.clear()
  }

  #change(): void {
    const { writer, space } = this.tools
    const { key } = this.#scratch
    const { version } = space
    const { pending, draft, reverse } = this
    pending.each(key, comes => {
      if (!comes) writer.delete(draft, key, undefined)
      else {
        writer.put(draft, key, NO_VALUE, undefined, version)
        this.#doubt(key)
      }
    })
    reverse?.flush(draft, writer, version)
  }

  /** Builds an index that is empty from the leaves up. */
  #build(): void {
    const { W, space, writer } = this.tools
    const { key, last } = this.#scratch
    const { version } = space
    const point = space.savepoint()
    last.bytes = 0
    try {
      const tree = new BulkTree(W, space)
      this.pending.each(key, () => {
        space.spend()
        tree.add(writer.makeEntry(key, NO_VALUE, version))
        // There are no others: only neighbours can have the same index key.
        if (!this.known.defined.unique) return
        if (this.#isOfOne(last, key)) this.#doubt(key)
        last.copy(key)
      })
      // Behind all index keys.
      this.reverse?.each(key, value => {
        if (value === null) return
        space.spend()
        tree.add(writer.makeEntry(key, value, version))
      })
      writer.build(this.draft, tree)
      this.reverse?.clear()
    } catch (error) {
      space.rollback(point)
      throw error
    }
  }
}

/** There is nothing in a store, and never was in the transaction. */
function isEmptied({ live, removed }: Draft): boolean {
  return live.root === 0 && !removed
}

function isKey(W: Uint32Array, entry: number, words: Uint32Array, bytes: number): boolean {
  return compareKeys(W, entry + E_KEY, keyBytesOf(W, entry), words, 0, bytes) === 0
}

function notUnique({ name, defined }: Known, W: Uint32Array, entry: number): ZVerseError {
  const codec = new IndexEntryKeys(defined, keyCodecNamed(defined.codecs.keys))
  const [key, holder] = codec.decode(W, entry + E_KEY, keyBytesOf(W, entry))
  const message = `another entry has this key of the unique index ${JSON.stringify(name)} already`
  return new ZVerseError('ZVERSE_NOT_UNIQUE', message, { index: name, key, holder })
}
