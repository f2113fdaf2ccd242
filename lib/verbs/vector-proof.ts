/**
 * Proves an index of vectors: it has exactly the vectors that the entries of its store give it, each in one cluster, each cluster
 * in one page. For `check()`; under the writer lock.
 */
import type { Engine } from '../engine/engine.js'
import type { Encoded } from '../indexes/bytes.js'
import type { Known, VectorForm } from '../indexes/definition.js'
import { VectorReader } from '../indexes/vectors.js'
import { KeyBuffer, MAX_KEY_BYTES } from '../key/codec.js'
import { copyKey } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import { Cursor, type Range, WHOLE } from '../tree/cursor.js'
import { find } from '../tree/search.js'
import { Codes, strideOf } from '../vector/codes.js'
import {
  clusterIn,
  levelRange,
  numbersIn,
  PAGES_RANGE,
  PLACES_RANGE,
  placeKey,
  TOP,
  VECTORS_RANGE,
  vectorKey,
} from '../vector/layout.js'

/** A member of a cluster, as a block has it. */
interface Member {
  readonly cluster: number
  readonly scale: number
  readonly bias: number
  readonly code: Int8Array
}

/**
 * What is wrong with an index, the trees of which and of whose store have these roots; an empty array: nothing.
 */
export function proveVectors(engine: Engine, known: Known, store: number, root: number): string[] {
  const proof = new VectorProof(engine, known, root)
  proof.proveClusters()
  proof.proveEntries(store)
  return proof.problems
}

class VectorProof {
  readonly problems: string[] = []
  readonly #engine: Engine
  readonly #known: Known
  readonly #form: VectorForm
  readonly #root: number
  readonly #stride: number
  /** The vectors of level 0, the clusters that level 1 has, the pages that level 2 has. */
  readonly #members: Map<number, Member>[] = []

  constructor(engine: Engine, known: Known, root: number) {
    this.#engine = engine
    this.#known = known
    this.#form = known.defined.vectors as VectorForm
    this.#root = root
    this.#stride = strideOf(this.#form.dims)
  }

  #wrong(what: string): void {
    const { name, of } = this.#known
    this.problems.push(`index ${name} of store ${of} ${what}`)
  }

  /** Each key of a range, with the words that have its value. */
  #each(range: Range, use: (key: number, words: Uint32Array, at: number) => void): number {
    const { W, gatherer } = this.#engine
    const cursor = new Cursor(W, this.#root, range, false, Number.POSITIVE_INFINITY)
    let count = 0
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      count++
      gatherer.open(W, entry, (words, at) => use(entry + E_KEY, words, at))
    }
    return count
  }

  proveClusters(): void {
    for (let level = 0; level <= TOP; level++) this.#members.push(this.#membersOf(level))
    const { W } = this.#engine
    const [vectors, clusters, pages] = this.#members
    for (const { cluster } of vectors.values()) {
      if (!clusters.has(cluster))
        this.#wrong(`has vectors in cluster ${cluster}, which no page has`)
    }
    for (const { cluster } of clusters.values()) {
      if (!pages.has(cluster)) this.#wrong(`lacks page ${cluster}`)
    }
    const count = this.#each(PAGES_RANGE, (key, words, at) => {
      const page = clusters.get(clusterIn(W[key]))?.cluster
      if (page !== words[at]) this.#wrong(`has page ${words[at]} for a cluster of page ${page}`)
    })
    if (count !== clusters.size)
      this.#wrong(`has ${count} pages told for ${clusters.size} clusters`)
  }

  #membersOf(level: number): Map<number, Member> {
    const { W } = this.#engine
    const members = new Map<number, Member>()
    const stride = this.#stride
    this.#each(levelRange(level), (key, words, at) => {
      const count = words[at]
      const floats = new Float32Array(words.slice(at, at + 1 + 3 * count).buffer)
      for (let i = 0; i < count; i++) {
        const id = words[at + 1 + i]
        if (members.has(id)) this.#wrong(`has member ${id} of level ${level} twice`)
        const from = at + 1 + 3 * count + (i * stride) / 4
        members.set(id, {
          cluster: clusterIn(W[key]),
          scale: floats[1 + count + i],
          bias: floats[1 + 2 * count + i],
          code: new Int8Array(words.slice(from, from + stride / 4).buffer),
        })
      }
    })
    return members
  }

  proveEntries(store: number): void {
    const { W } = this.#engine
    const reader = new VectorReader(this.#known.defined)
    const primary = new KeyBuffer()
    const cursor = new Cursor(W, store, WHOLE, false, Number.POSITIVE_INFINITY)
    let count = 0
    let lacks = 0
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      copyKey(W, entry, primary)
      const vector = this.#vectorOf(reader, entry, primary)
      if (vector === null) continue
      count++
      if (!this.#has(primary, vector)) lacks++
    }
    if (lacks > 0) this.#wrong(`lacks ${lacks} vectors, or has others in their place`)
    const all = [this.#members[0].size, this.#count(VECTORS_RANGE), this.#count(PLACES_RANGE)]
    if (all.some(has => has !== count)) this.#wrong(`has ${all.join(', ')} vectors, not ${count}`)
  }

  #count(range: Range): number {
    return this.#each(range, () => {})
  }

  /** The vector that an entry gives; null: none. A function is not run: what it gave is in the index. */
  #vectorOf(reader: VectorReader, entry: number, primary: KeyBuffer): Float32Array | null {
    const { after } = this.#engine.values
    const { by, encoded } = this.#known.defined
    if (by !== null) return this.#stored(primary)
    after.open(entry, encoded as Encoded)
    const isThere = reader.read(after.reader, after.from) === true
    return isThere && reader.fits(primary.bytes, MAX_KEY_BYTES) === true ? reader.vector : null
  }

  #place(primary: KeyBuffer): readonly [id: number, cluster: number] | null {
    const { W, gatherer, tools } = this.#engine
    const { key } = tools
    placeKey(key, primary)
    const entry = find(W, this.#root, key.words, key.bytes)
    if (entry === 0) return null
    return gatherer.open(W, entry, (words, at) => [words[at], words[at + 1]] as const)
  }

  /** The numbers of an entry's vector, and its key, as the index has them. */
  #kept(id: number): { numbers: Float32Array; bytes: number } | null {
    const { W, gatherer, tools } = this.#engine
    const { key } = tools
    vectorKey(key, id)
    const entry = find(W, this.#root, key.words, key.bytes)
    if (entry === 0) return null
    const count = numbersIn(this.#form)
    return gatherer.open(W, entry, (words, at) => {
      const numbers = new Float32Array(words.slice(at, at + count).buffer)
      return { numbers, bytes: words[at + count] }
    })
  }

  #stored(primary: KeyBuffer): Float32Array | null {
    const place = this.#place(primary)
    if (place === null) return null
    const kept = this.#kept(place[0])?.numbers
    const member = this.#members[0].get(place[0])
    if (this.#form.element === 'float32' || member === undefined) return kept ?? null
    return Float32Array.from(member.code.subarray(0, this.#form.dims), x => x * member.scale)
  }

  #has(primary: KeyBuffer, vector: Float32Array): boolean {
    const place = this.#place(primary)
    if (place === null) return false
    const [id, cluster] = place
    const kept = this.#kept(id)
    const member = this.#members[0].get(id)
    if (kept === null || kept.bytes !== primary.bytes || member?.cluster !== cluster) return false
    if (kept.numbers.some((x, i) => x !== vector[i])) return false
    // A vector that is known by its code only may have another code, by its rounded numbers.
    if (this.#known.defined.by !== null && this.#form.element === 'int8') return true
    const codes = new Codes(this.#form.dims, this.#form.metric)
    const code = new Int8Array(codes.stride)
    codes.encode(vector, code, 0)
    const isSame = code.every((byte, i) => byte === member.code[i])
    return isSame && codes.scale === member.scale && codes.bias === member.bias
  }
}
