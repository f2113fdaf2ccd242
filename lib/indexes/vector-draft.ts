/**
 * An index of vectors: what comes and goes waits, and is made in clusters at a time (lib/vector). For the owner of the writer
 * lock.
 */
import { ZVerseError } from '../errors.js'
import { type KeyBuffer, MAX_KEY_BYTES } from '../key/codec.js'
import { nameOf } from '../memory/entry.js'
import type { Gatherer } from '../memory/pieces.js'
import { VectorBatch, type VectorChange } from '../vector/batch.js'
import { type Kernel, makeKernel } from '../vector/kernel.js'
import type { Known, VectorForm } from './definition.js'
import type { Derived } from './derived.js'
import type { Unfit } from './extract.js'
import { type BothValues, type Drafts, IndexDraft, isUnchanged, type Tools } from './index-draft.js'
import { VectorReader, vectorOf } from './vectors.js'

/** Bytes of what waits at most before it is made: a bound on private memory. */
const MOST_PENDING = 2 ** 25
/** The same where an index is filled. */
const MOST_BUILT = 2 ** 28
/** Bytes of a change beside its vector. */
const OF_CHANGE = 128
/** Bytes of a kernel that is kept for the next batch. */
const KEPT = 2 ** 25

/** The kernel that the drafts of a handle use one after the other. */
export class SharedKernel {
  #kernel: Kernel | null = null

  take(): Kernel {
    return (this.#kernel ??= makeKernel())
  }

  /** Lets go of it where it has grown large: its memory does not shrink. */
  done(): void {
    if (this.#kernel !== null && this.#kernel.i8.length > KEPT) this.#kernel = null
  }
}

export class VectorDraft extends IndexDraft {
  readonly #gatherer: Gatherer
  readonly #shared: SharedKernel
  readonly #key: KeyBuffer
  readonly #derived: Derived
  readonly #form: VectorForm
  readonly #reader: VectorReader
  /** By the names of keys. */
  #changes = new Map<string, VectorChange>()
  #bytes = 0
  /** What was worked on without a transaction: with a kernel of its own. */
  #batch: VectorBatch | null = null
  /** Of the entry that was looked at. */
  #found: Float32Array | null = null
  #isSame = false

  constructor(
    known: Known,
    drafts: Drafts,
    tools: Tools,
    gatherer: Gatherer,
    shared: SharedKernel,
    key: KeyBuffer,
    derived: Derived,
  ) {
    super(known, drafts, tools)
    this.#gatherer = gatherer
    this.#shared = shared
    this.#key = key
    this.#derived = derived
    this.#form = known.defined.vectors as VectorForm
    this.#reader = new VectorReader(known.defined)
  }

  forget(): void {
    this.#changes.clear()
    this.#bytes = 0
    this.#batch = null
  }

  get hasChanges(): boolean {
    return this.#changes.size > 0 || this.#batch !== null
  }

  isFull(isFilling: boolean): boolean {
    return this.#bytes >= (isFilling ? MOST_BUILT : MOST_PENDING)
  }

  look(values: BothValues, old: number, entry: number, primary: KeyBuffer): Unfit | null {
    this.#found = null
    // Nothing waits for a key that is not there, but that it goes.
    this.#isSame = old === 0
    if (entry === 0) {
      this.#isSame = false
      return null
    }
    const found = this.#read(values, old, entry)
    if (typeof found === 'object') return found
    if (!found) return null
    const fits = this.#reader.fits(primary.bytes, MAX_KEY_BYTES)
    if (typeof fits === 'object') return fits
    this.#isSame = false
    if (fits) this.#found = this.#reader.vector.slice()
    return null
  }

  /** Reads the vector of an entry that comes: whether there is one that the index does not have. */
  #read(values: BothValues, old: number, entry: number): boolean | Unfit {
    const { known } = this
    const { after } = values
    if (known.defined.by !== null) {
      const vector = vectorOf(this.#derived.ofPut(known, entry))
      this.#isSame = old === 0
      if (vector !== null) this.#reader.vector.set(vector)
      return vector !== null
    }
    if (old !== 0 && isUnchanged(known.defined, values)) {
      this.#isSame = true
      return false
    }
    return this.#reader.read(after.reader, after.from)
  }

  note(key: KeyBuffer): void {
    if (this.#isSame) return
    const words = key.words.slice(0, (key.bytes + 3) >>> 2)
    this.#changes.set(nameOf(key), { key: { words, bytes: key.bytes }, vector: this.#found })
    this.#bytes += OF_CHANGE + key.bytes + (this.#found?.byteLength ?? 0)
  }

  goBack(): void {
    this.forget()
  }

  override digest(): void {
    this.#work(makeKernel)
  }

  /** Makes the changes that wait in clusters. */
  #work(kernel: () => Kernel, merges = true): VectorBatch {
    const batch = (this.#batch ??= this.#begin(kernel(), merges))
    try {
      for (const [name, change] of this.#changes) batch.apply(name, change)
    } catch (error) {
      this.#takeBack()
      throw error
    }
    this.#changes.clear()
    return batch
  }

  #begin(kernel: Kernel, merges: boolean): VectorBatch {
    const root = this.root
    const tree = { W: this.tools.W, gatherer: this.#gatherer, root, key: this.#key }
    return new VectorBatch(tree, kernel, this.#form, merges)
  }

  /** What was worked on waits again. */
  #takeBack(): void {
    if (this.#batch === null) return
    this.#changes = new Map([...this.#batch.changes, ...this.#changes])
    this.#batch = null
  }

  flush(): void {
    try {
      this.#make(true)
    } catch (error) {
      // A full database deletes all the same: clusters stay as small as they have become then.
      const isFull = error instanceof ZVerseError && error.code === 'ZVERSE_FULL'
      if (!isFull || this.tools.space.injected || !this.#onlyRemoves) throw error
      this.#make(false)
    }
    this.forget()
    this.#shared.done()
  }

  /** Vectors only go. */
  get #onlyRemoves(): boolean {
    for (const { vector } of this.#changes.values()) if (vector !== null) return false
    return true
  }

  /** Makes the changes that wait, in clusters and in the tree: all of them, or none, and they wait again. */
  #make(merges: boolean): void {
    const { space, writer } = this.tools
    const takes = this.#batch === null && this.#onlyRemoves
    const batch = this.#work(() => this.#shared.take(), merges)
    const draft = this.draft
    const saved = draft.save()
    const point = space.savepoint()
    try {
      batch.write((key, value) => {
        if (value === null) writer.delete(draft, key, undefined)
        else writer.put(draft, key, value, undefined, space.version, takes)
      })
    } catch (error) {
      space.rollback(point)
      writer.reset()
      draft.restore(saved)
      this.#takeBack()
      throw error
    }
  }
}
