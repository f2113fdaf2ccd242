/**
 * A batch of changes of an index of vectors: which vectors come and go, made in clusters in private memory, then told as entries
 * to be written. For the owner of the writer lock, or on a tree that is empty.
 */
import type { KeyBuffer } from '../key/codec.js'
import type { EncodedValue, KeyWords } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import type { Gatherer } from '../memory/pieces.js'
import { compareKeys } from '../memory/words.js'
import { Cursor, type Range } from '../tree/cursor.js'
import { find } from '../tree/search.js'
import { type ClusterStore, Clusters } from './clusters.js'
import { Codes, type VectorMetric } from './codes.js'
import type { Kernel } from './kernel.js'
import {
  blockKey,
  blocksOf,
  clusterIn,
  PAGES_RANGE,
  pageKey,
  placeKey,
  primaryIn,
  VECTORS_RANGE,
  vectorKey,
} from './layout.js'

const ALL = Number.POSITIVE_INFINITY

/** A vector that an entry of some key has from now on; null: none. */
export interface VectorChange {
  readonly key: KeyWords
  readonly vector: Float32Array | null
}

/** An entry whose vector has changed. */
interface Member {
  change: VectorChange
  /** Its id in the tree; 0: it has none there. And from now on; 0: it is gone. */
  readonly had: number
  id: number
}

/** What vectors an index has. */
export interface BatchForm {
  readonly dims: number
  readonly metric: VectorMetric
  readonly element: string
}

/** What a batch reads of the index. */
export interface IndexTree {
  readonly W: Uint32Array
  readonly gatherer: Gatherer
  readonly root: number
  /** For one key at a time. */
  readonly key: KeyBuffer
}

/** Makes an entry what it is to be; null: it goes. */
export type WriteEntry = (key: KeyBuffer, value: EncodedValue | null) => void

export class VectorBatch implements ClusterStore {
  readonly #tree: IndexTree
  readonly #kernel: Kernel
  readonly #codes: Codes
  /** The numbers of vectors are kept beside their codes. */
  readonly #isKept: boolean
  readonly #merges: boolean
  readonly #clusters: Clusters
  readonly #members = new Map<string, Member>()
  /** Where vectors and clusters are now, that were elsewhere in the tree. */
  readonly #clusterOf = new Map<number, number>()
  readonly #pageOf = new Map<number, number>()
  #lastId: number
  readonly #key: KeyBuffer
  readonly #code: number

  /** @param merges clusters that have become small are given to others */
  constructor(tree: IndexTree, kernel: Kernel, form: BatchForm, merges: boolean) {
    const { dims, metric, element } = form
    this.#tree = tree
    this.#key = tree.key
    this.#kernel = kernel
    this.#isKept = element === 'float32'
    this.#merges = merges
    this.#codes = new Codes(dims, metric)
    this.#lastId = this.#lastOf(VECTORS_RANGE, 1)
    this.#clusters = new Clusters(kernel, this.#codes, this)
    this.#code = this.#clusters.take()
  }

  /** What was applied. */
  get changes(): IterableIterator<[string, VectorChange]> {
    const members = this.#members
    return (function* () {
      for (const [name, { change }] of members) yield [name, change] as [string, VectorChange]
    })()
  }

  // ── What the tree has ─────────────────────────────────────────────────────────────────────────

  /** A word of the last key in a range; 0 where there is none. */
  #lastOf(range: Range, word: number): number {
    const { W, root } = this.#tree
    const entry = new Cursor(W, root, range, true, 1).next()
    return entry === 0 ? 0 : W[entry + E_KEY + word]
  }

  lastOf(level: number): number {
    if (level === 0) return clusterIn(this.#lastOf(PAGES_RANGE, 0))
    let last = 0
    this.blocks(level + 1, 0, (words, at) => {
      for (let i = words[at]; i > 0; i--) last = Math.max(last, words[at + i])
    })
    return last
  }

  blocks(level: number, cluster: number, use: (words: Uint32Array, at: number) => void): void {
    const { W, root } = this.#tree
    const cursor = new Cursor(W, root, blocksOf(level, cluster), false, ALL)
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) this.#open(entry, use)
  }

  #open<T>(entry: number, use: (words: Uint32Array, at: number) => T): T {
    const { W, gatherer } = this.#tree
    return gatherer.open(W, entry, use)
  }

  /** Two words of the value of a key; 0 where there is none. */
  #find(key: KeyBuffer): readonly [number, number] {
    const { W, root } = this.#tree
    const entry = find(W, root, key.words, key.bytes)
    return entry === 0 ? [0, 0] : this.#open(entry, (words, at) => [words[at], words[at + 1]])
  }

  pageOf(cluster: number): number {
    const page = this.#pageOf.get(cluster)
    if (page !== undefined) return page
    pageKey(this.#key, cluster)
    return this.#find(this.#key)[0]
  }

  placed(level: number, id: number, cluster: number): void {
    if (level === 0) this.#clusterOf.set(id, cluster)
    else if (level === 1) this.#pageOf.set(id, cluster)
  }

  /** The primary key, or the numbers, of a vector. */
  #vector<T>(id: number, use: (words: Uint32Array, at: number) => T): T {
    const { W, root } = this.#tree
    vectorKey(this.#key, id)
    return this.#open(find(W, root, this.#key.words, this.#key.bytes), use)
  }

  // ── Changes ───────────────────────────────────────────────────────────────────────────────────

  /** Makes a change in the clusters. @param name no other key has it @throws ZVerseError `ZVERSE_FULL` */
  apply(name: string, change: VectorChange): void {
    const { vector } = change
    const member = this.#members.get(name)
    const placed = this.#placeOf(change.key)
    const had = placed.id
    const id = member?.id ?? had
    const cluster = this.#clusterOf.get(id) ?? placed.cluster
    if (vector === null) {
      if (id !== 0) this.#clusters.remove(0, cluster, id, this.#merges)
      this.#members.set(name, { change, had, id: 0 })
      return
    }
    if (id !== 0 && this.#isSame(member, id, vector)) return
    const codes = this.#codes
    codes.encode(vector, this.#kernel.i8, this.#code)
    const place = { at: this.#code, scale: codes.scale, bias: codes.bias }
    if (id !== 0) this.#clusters.replace(0, cluster, id, place)
    const now = id || had || ++this.#lastId
    if (id === 0) this.#clusters.insert(0, now, place)
    this.#members.set(name, { change, had, id: now })
  }

  #placeOf(primary: KeyWords): { id: number; cluster: number } {
    placeKey(this.#key, primary)
    const [id, cluster] = this.#find(this.#key)
    return { id, cluster }
  }

  /** A vector that is replaced has the same numbers already. */
  #isSame(member: Member | undefined, id: number, vector: Float32Array): boolean {
    if (member !== undefined || !this.#isKept) return false
    const words = new Uint32Array(vector.buffer, vector.byteOffset, vector.length)
    return this.#vector(id, (own, at) => words.every((word, i) => own[at + i] === word))
  }

  // ── Writing ───────────────────────────────────────────────────────────────────────────────────

  /** Tells all entries that change, in the order of their keys. */
  write(use: WriteEntry): void {
    const key = this.#key
    for (const cluster of this.#clusters.changed()) {
      this.#clusters.blocksOf(cluster, (block, value) => {
        blockKey(key, cluster.level, cluster.id, block)
        use(key, value)
      })
    }
    for (const [cluster, page] of sorted(this.#pageOf)) {
      pageKey(key, cluster)
      use(key, page === 0 ? null : wordsValue(Uint32Array.of(page)))
    }
    const members = [...this.#members.values()].filter(({ had, id }) => had !== 0 || id !== 0)
    members.sort((a, b) => (a.id || a.had) - (b.id || b.had))
    for (const { change, had, id } of members) {
      // Of codes only, nothing but its key is kept with it.
      if (had === id && !this.#isKept) continue
      vectorKey(key, id || had)
      use(key, id === 0 ? null : this.#valueOf(change))
    }
    for (const { primary, id } of this.#places(members)) {
      placeKey(key, primary)
      use(key, id === 0 ? null : wordsValue(Uint32Array.of(id, this.#clusterOf.get(id) as number)))
    }
  }

  /** The vectors that are elsewhere, by their primary keys, in the order of those; id 0: one is gone. */
  #places(members: readonly Member[]): { primary: KeyWords; id: number }[] {
    const changed = new Set(members.map(({ id }) => id))
    const places: { primary: KeyWords; id: number }[] = []
    for (const { change, id, had } of members) {
      if (this.#clusterOf.has(id || had)) places.push({ primary: change.key, id })
    }
    for (const [id, cluster] of this.#clusterOf) {
      if (cluster === 0 || changed.has(id)) continue
      places.push({ primary: this.#primaryOf(id), id })
    }
    return places.sort(({ primary: a }, { primary: b }) => {
      return compareKeys(a.words, 0, a.bytes, b.words, 0, b.bytes)
    })
  }

  #primaryOf(id: number): KeyWords {
    const skip = this.#isKept ? this.#codes.dims : 0
    return this.#vector(id, (words, at) => primaryIn(words, at + skip))
  }

  #valueOf({ key, vector }: VectorChange): EncodedValue {
    const count = (key.bytes + 3) >>> 2
    const numbers = this.#isKept ? this.#codes.dims : 0
    const words = new Uint32Array(numbers + 1 + count)
    if (numbers > 0) new Float32Array(words.buffer).set(vector as Float32Array)
    words[numbers] = key.bytes
    words.set(key.words.subarray(0, count), numbers + 1)
    return wordsValue(words)
  }
}

function wordsValue(words: Uint32Array): EncodedValue {
  return { words, at: 0, length: words.length * 4, ascii: false }
}

function sorted(map: ReadonlyMap<number, number>): [number, number][] {
  return [...map].sort(([a], [b]) => a - b)
}
