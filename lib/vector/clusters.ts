/**
 * Vectors in clusters, as a transaction changes them: each lies in the cluster whose centre is nearest to it, more or less.
 *
 *     level 0   clusters of vectors: up to 128 each
 *     level 1   pages of the centres of these clusters: up to 512 each
 *     level 2   one cluster of the centres of pages
 *
 * A member is an id with its code (lib/vector/codes.ts). A cluster that has become too large is split by 2-means, and the
 * members of clusters around it change over where they are nearer to a new centre; one that has become too small gives its
 * members to others: as SPFresh does (Xu et al., SPFresh: Incremental In-Place Update for Billion-Scale Vector Search, 2023),
 * with all of it in the commit that made it necessary. A change of a member splits or merges one cluster a level at most, so
 * its work is bounded.
 *
 * Codes lie in the memory of the kernel while clusters change; layout.ts draws how they lie in the index. Belongs to one thread,
 * for one batch of changes.
 */
import type { EncodedValue } from '../memory/entry.js'
import type { Codes } from './codes.js'
import { balanced } from './halves.js'
import { type Kernel, OWN_BYTES } from './kernel.js'
import { blockSize, blockWords, TOP } from './layout.js'

/** Inner products that one call writes: more members no cluster has. */
const MOST_DOTS = 2 ** 14
/** Members of a cluster by level: at most, unless many come at a time; and at least. */
const MOST = [128, 512, MOST_DOTS]
const LEAST = [24, 24, 0]
/** Of numbers that are compared, what 32-bit scales and biases may have lost. */
const ROUNDED = 2 ** -21
/** Clusters around one that splits, whose members are looked at. */
const NEAR = 16
/** Pages in which the nearest centres are looked for. */
const PAGES = 4
/** A cluster's centre is its mean again whenever that many members more have come. */
const PER_CENTRE = 16
/** Rounds of 2-means. */
const ROUNDS = 6
/** Where clusters come from, and what is told of members. */
export interface ClusterStore {
  /** Gives the blocks of a cluster in order, each by the words it has and where it begins in them. */
  blocks(level: number, cluster: number, use: (words: Uint32Array, at: number) => void): void
  /** The greatest number of a cluster of a level, which may have no members; 0 where there is none. */
  lastOf(level: number): number
  /** The page that has the centre of a cluster of level 0. */
  pageOf(cluster: number): number
  /** A member is in another cluster now; 0: in none. */
  placed(level: number, id: number, cluster: number): void
}

export class Cluster {
  readonly level: number
  readonly id: number
  readonly ids: number[] = []
  readonly scales: number[] = []
  readonly biases: number[] = []
  /** Where its codes begin in the kernel's memory, and for how many there is room. */
  at = 0
  room = 0
  /** Blocks that the tree has, and those that have changed since. */
  blocks = 0
  readonly changed = new Set<number>()

  constructor(level: number, id: number) {
    this.level = level
    this.id = id
  }

  get count(): number {
    return this.ids.length
  }
}

/** A code in the kernel's memory. */
interface Place {
  at: number
  scale: number
  bias: number
}

export class Clusters {
  readonly #kernel: Kernel
  readonly #codes: Codes
  readonly #store: ClusterStore
  readonly #perBlock: number
  readonly #loaded = new Map<number, Cluster>()
  readonly #last: number[]
  /** Products, of one code or another, with the members of a cluster. */
  readonly #outs: readonly [number, number, number]
  readonly #begin: number
  #top: number
  readonly #mean: Float64Array
  /** For the code of a centre. */
  readonly #scratch: number

  constructor(kernel: Kernel, codes: Codes, store: ClusterStore) {
    this.#kernel = kernel
    this.#codes = codes
    this.#store = store
    this.#perBlock = blockSize(codes.stride)
    this.#last = [store.lastOf(0), store.lastOf(1)]
    this.#outs = [OWN_BYTES, OWN_BYTES + 4 * MOST_DOTS, OWN_BYTES + 8 * MOST_DOTS]
    this.#begin = OWN_BYTES + 12 * MOST_DOTS
    this.#top = this.#begin
    this.#mean = new Float64Array(codes.dims)
    kernel.reserve(this.#begin)
    this.#scratch = this.take()
  }

  /** Room for a code, which lasts as long as this object. */
  take(): number {
    return this.#take(this.#codes.stride)
  }

  #take(bytes: number): number {
    const at = this.#top
    this.#kernel.reserve(at + bytes)
    this.#top += bytes
    return at
  }

  /** The clusters that have changed, in the order of their keys. */
  changed(): Cluster[] {
    const all = [...this.#loaded.values()].filter(({ changed }) => changed.size > 0)
    return all.sort((a, b) => a.level - b.level || a.id - b.id)
  }

  /** The blocks of a cluster that are to be written, or to go, which is told by no words. */
  blocksOf(cluster: Cluster, use: (block: number, value: EncodedValue | null) => void): void {
    const per = this.#perBlock
    const count = Math.ceil(cluster.count / per)
    const changed = [...cluster.changed].sort((a, b) => a - b)
    for (const block of changed) if (block < count) use(block, this.#block(cluster, block * per))
    for (let block = count; block < cluster.blocks; block++) use(block, null)
  }

  #block({ ids, scales, biases, at }: Cluster, from: number): EncodedValue {
    const { stride } = this.#codes
    const count = Math.min(this.#perBlock, ids.length - from)
    const words = new Uint32Array(blockWords(count, stride))
    const floats = new Float32Array(words.buffer)
    words[0] = count
    for (let i = 0; i < count; i++) {
      words[1 + i] = ids[from + i]
      floats[1 + count + i] = scales[from + i]
      floats[1 + 2 * count + i] = biases[from + i]
    }
    const code = (at + from * stride) / 4
    words.set(this.#kernel.u32.subarray(code, code + (count * stride) / 4), 1 + 3 * count)
    return { words, at: 0, length: words.length * 4, ascii: false }
  }

  // ── Clusters ──────────────────────────────────────────────────────────────────────────────────

  get(level: number, id: number): Cluster {
    const name = level * 2 ** 28 + id
    const loaded = this.#loaded.get(name)
    if (loaded !== undefined) return loaded
    const cluster = new Cluster(level, id)
    this.#store.blocks(level, id, (words, at) => this.#load(cluster, words, at))
    this.#loaded.set(name, cluster)
    return cluster
  }

  #load(cluster: Cluster, words: Uint32Array, at: number): void {
    const { stride } = this.#codes
    const count = words[at]
    const had = cluster.count
    this.#grow(cluster, had + count)
    const { u32, f32 } = this.#kernel
    // Scales and biases are read as the floats that their words are.
    const scratch = this.#outs[0] / 4
    this.#kernel.copy(words, at + 1, 3 * count, scratch)
    for (let i = 0; i < count; i++) {
      cluster.ids.push(u32[scratch + i])
      cluster.scales.push(f32[scratch + count + i])
      cluster.biases.push(f32[scratch + 2 * count + i])
    }
    const codes = at + 1 + 3 * count
    const to = (cluster.at + had * stride) / 4
    this.#kernel.copy(words, codes, (count * stride) / 4, to)
    cluster.blocks++
  }

  #grow(cluster: Cluster, count: number): void {
    if (count <= cluster.room) return
    const { stride } = this.#codes
    const room = Math.max(count + 8, Math.min(2 * cluster.room, count + 64))
    const at = this.#take(room * stride)
    this.#kernel.i8.copyWithin(at, cluster.at, cluster.at + cluster.count * stride)
    cluster.at = at
    cluster.room = room
  }

  #append(cluster: Cluster, id: number, { at, scale, bias }: Place): void {
    const { stride } = this.#codes
    const { count } = cluster
    this.#grow(cluster, count + 1)
    this.#kernel.i8.copyWithin(cluster.at + count * stride, at, at + stride)
    cluster.ids.push(id)
    cluster.scales.push(scale)
    cluster.biases.push(bias)
    cluster.changed.add(Math.floor(count / this.#perBlock))
  }

  /** Takes a member out; the last one takes its place. */
  #takeOut(cluster: Cluster, i: number): void {
    const { stride } = this.#codes
    const { ids, scales, biases, at, changed } = cluster
    const last = ids.length - 1
    ids[i] = ids[last]
    scales[i] = scales[last]
    biases[i] = biases[last]
    this.#kernel.i8.copyWithin(at + i * stride, at + last * stride, at + (last + 1) * stride)
    ids.pop()
    scales.pop()
    biases.pop()
    changed.add(Math.floor(i / this.#perBlock))
    changed.add(Math.floor(last / this.#perBlock))
  }

  #placeOf({ at, scales, biases }: Cluster, i: number): Place {
    return { at: at + i * this.#codes.stride, scale: scales[i], bias: biases[i] }
  }

  #isSame(a: Place, b: Place): boolean {
    if (a.scale !== b.scale || a.bias !== b.bias) return false
    const { u32 } = this.#kernel
    const words = this.#codes.stride / 4
    for (let i = 0; i < words; i++) if (u32[a.at / 4 + i] !== u32[b.at / 4 + i]) return false
    return true
  }

  #move(from: Cluster, i: number, to: Cluster): void {
    const id = from.ids[i]
    this.#append(to, id, this.#placeOf(from, i))
    this.#takeOut(from, i)
    this.#store.placed(from.level, id, to.id)
  }

  /** There is no other cluster of its level. */
  #isOnly({ level, id }: Cluster): boolean {
    const top = this.get(TOP, 0)
    if (level === TOP || top.count > 1) return level === TOP
    return level === 1 || this.get(1, this.#store.pageOf(id)).count === 1
  }

  /** Pages grow where there are as many as can be. */
  #canSplit(level: number): boolean {
    return level === 0 || (level === 1 && this.get(TOP, 0).count < MOST[TOP])
  }

  // ── Changes ───────────────────────────────────────────────────────────────────────────────────

  /**
   * Puts a member into the nearest cluster.
   * @param splits else only a cluster of twice as many members is split
   */
  insert(level: number, id: number, place: Place, splits = true): void {
    const cluster = this.#nearestTo(level, place) ?? this.#make(level, place)
    this.#append(cluster, id, place)
    this.#store.placed(level, id, cluster.id)
    const most = splits ? MOST[level] : 2 * MOST[level]
    if (cluster.count > most && this.#canSplit(level)) this.#split(cluster)
    else if (level === 0 && cluster.count % PER_CENTRE === 0) this.#recentre(cluster)
  }

  /** Gives a member another code: it stays, or goes to another cluster. */
  replace(level: number, clusterId: number, id: number, place: Place): void {
    const cluster = this.get(level, clusterId)
    const i = cluster.ids.indexOf(id)
    const nearest = this.#nearestTo(level, place)
    if (nearest !== cluster) {
      this.remove(level, clusterId, id)
      this.insert(level, id, place)
      return
    }
    this.#set(cluster, i, place)
  }

  /** Makes a member's code another one. */
  #set(cluster: Cluster, i: number, place: Place): void {
    if (this.#isSame(this.#placeOf(cluster, i), place)) return
    const { stride } = this.#codes
    this.#kernel.i8.copyWithin(cluster.at + i * stride, place.at, place.at + stride)
    cluster.scales[i] = place.scale
    cluster.biases[i] = place.bias
    cluster.changed.add(Math.floor(i / this.#perBlock))
  }

  remove(level: number, clusterId: number, id: number, merges = true): void {
    const cluster = this.get(level, clusterId)
    this.#takeOut(cluster, cluster.ids.indexOf(id))
    this.#store.placed(level, id, 0)
    if (level === TOP || !merges) return
    const isOnly = this.#isOnly(cluster)
    if (isOnly ? cluster.count === 0 : cluster.count < LEAST[level]) this.#dissolve(cluster)
  }

  #nearestTo(level: number, { at, scale }: Place): Cluster | undefined {
    const [nearest] = level === TOP ? [0] : this.nearest(level, at, scale, 1)
    return nearest === undefined ? undefined : this.get(level, nearest)
  }

  /** A cluster of a level whose centre is a member to come. */
  #make(level: number, centre: Place): Cluster {
    const cluster = this.get(level, ++this.#last[level])
    this.insert(level + 1, cluster.id, centre)
    return cluster
  }

  /** The clusters of a level whose centres are nearest to a code, nearest first. */
  nearest(level: number, at: number, scale: number, most: number): number[] {
    const pages = level + 1 === TOP ? [0] : this.nearest(level + 1, at, scale, PAGES)
    const ids: number[] = []
    const likenesses: number[] = []
    const { i32 } = this.#kernel
    for (const page of pages) {
      const centres = this.get(level + 1, page)
      this.#dots(at, centres, 0)
      for (let i = 0; i < centres.count; i++) {
        const product = i32[this.#outs[0] / 4 + i]
        const likeness = product * scale * centres.scales[i] + centres.biases[i]
        let to = ids.length
        if (to === most && likeness <= likenesses[most - 1]) continue
        if (to === most) to--
        for (; to > 0 && likenesses[to - 1] < likeness; to--) {
          likenesses[to] = likenesses[to - 1]
          ids[to] = ids[to - 1]
        }
        likenesses[to] = likeness
        ids[to] = centres.ids[i]
      }
    }
    return ids
  }

  #dots(at: number, { at: codes, count }: Cluster, out: 0 | 1 | 2): void {
    this.#kernel.dots(at, codes, this.#codes.stride, count, this.#outs[out])
  }

  // ── Splitting and merging ─────────────────────────────────────────────────────────────────────

  /**
   * Gives the members of a cluster that is too small to others; the last one of its level goes with its last member.
   */
  #dissolve(cluster: Cluster): void {
    const { level, id, ids } = cluster
    this.remove(level + 1, level === 1 ? 0 : this.#store.pageOf(id), id)
    const all = ids.map((member, i) => ({ member, place: this.#placeOf(cluster, i) }))
    for (let i = 0; i < cluster.blocks; i++) cluster.changed.add(i)
    ids.length = 0
    cluster.scales.length = 0
    cluster.biases.length = 0
    for (const { member, place } of all) this.insert(level, member, place, false)
  }

  #split(cluster: Cluster): void {
    const { level, id } = cluster
    const page = level === 1 ? 0 : this.#store.pageOf(id)
    const centres = this.get(level + 1, page)
    const old = this.#copyOf(this.#placeOf(centres, centres.ids.indexOf(id)))
    const [one, two] = [this.#emptyPlace(), this.#emptyPlace()]
    const isSecond = this.#halve(cluster, one, two)
    const other = this.get(level, ++this.#last[level])
    for (let i = cluster.count - 1; i >= 0; i--) if (isSecond[i]) this.#move(cluster, i, other)
    this.remove(level + 1, page, id, false)
    this.insert(level + 1, id, one)
    this.insert(level + 1, other.id, two)
    if (level === 0) this.#settle([cluster, other], [one, two], old)
  }

  #emptyPlace(): Place {
    return { at: this.take(), scale: 0, bias: 0 }
  }

  #copyOf(place: Place): Place {
    const at = this.take()
    this.#kernel.i8.copyWithin(at, place.at, place.at + this.#codes.stride)
    return { ...place, at }
  }

  /**
   * Finds two centres for the members of a cluster; tells which are of the second, neither of less than a quarter.
   */
  #halve(cluster: Cluster, one: Place, two: Place): boolean[] {
    const { count, scales } = cluster
    const first = this.#farthest(cluster, this.#placeOf(cluster, 0))
    Object.assign(one, { ...this.#placeOf(cluster, first), at: one.at })
    this.#copyCode(cluster, first, one.at)
    const second = this.#farthest(cluster, one)
    Object.assign(two, { ...this.#placeOf(cluster, second), at: two.at })
    this.#copyCode(cluster, second, two.at)
    const more = new Float64Array(count)
    let isSecond: boolean[] = []
    for (let round = 0; round < ROUNDS; round++) {
      this.#dots(one.at, cluster, 0)
      this.#dots(two.at, cluster, 1)
      const { i32 } = this.#kernel
      const [a, b] = this.#outs
      for (let i = 0; i < count; i++) {
        const nearOne = i32[a / 4 + i] * one.scale * scales[i] + one.bias
        more[i] = nearOne - (i32[b / 4 + i] * two.scale * scales[i] + two.bias)
      }
      isSecond = balanced(more)
      this.#centre(cluster, isSecond, false, one)
      this.#centre(cluster, isSecond, true, two)
    }
    return isSecond
  }

  #copyCode({ at }: Cluster, i: number, to: number): void {
    const { stride } = this.#codes
    this.#kernel.i8.copyWithin(to, at + i * stride, at + (i + 1) * stride)
  }

  /** The member that is least like a code. */
  #farthest(cluster: Cluster, { at, scale }: Place): number {
    this.#dots(at, cluster, 0)
    const { i32 } = this.#kernel
    let farthest = 0
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < cluster.count; i++) {
      const likeness = i32[this.#outs[0] / 4 + i] * scale * cluster.scales[i] + cluster.biases[i]
      if (likeness >= least) continue
      least = likeness
      farthest = i
    }
    return farthest
  }

  /** Makes a code that of the mean of some members; of all, if nothing tells which. */
  #centre(
    { at, count, scales }: Cluster,
    isSecond: boolean[] | null,
    which: boolean,
    into: Place,
  ): void {
    const codes = this.#codes
    const { dims, stride } = codes
    const { i8 } = this.#kernel
    const mean = this.#mean.fill(0)
    let members = 0
    for (let i = 0; i < count; i++) {
      if (isSecond !== null && isSecond[i] !== which) continue
      members++
      const code = at + i * stride
      for (let d = 0; d < dims; d++) mean[d] += i8[code + d] * scales[i]
    }
    for (let d = 0; d < dims; d++) mean[d] /= members
    codes.encode(mean, i8, into.at)
    into.scale = codes.scale
    into.bias = codes.bias
  }

  /** The centre of a cluster of vectors, which stays in its page, is the mean of its members again. */
  #recentre(cluster: Cluster): void {
    const page = this.get(1, this.#store.pageOf(cluster.id))
    const centre = { at: this.#scratch, scale: 0, bias: 0 }
    this.#centre(cluster, null, false, centre)
    this.#set(page, page.ids.indexOf(cluster.id), centre)
  }

  /** After a split, members of the clusters around, and of both halves, go where they are nearer. */
  #settle(halves: readonly [Cluster, Cluster], centres: readonly [Place, Place], old: Place): void {
    const around = this.nearest(0, old.at, old.scale, NEAR + 2)
      .filter(id => halves.every(half => half.id !== id))
      .slice(0, NEAR)
      .map(id => this.get(0, id))
    const places = around.map(({ id }) => {
      const page = this.get(1, this.#store.pageOf(id))
      return this.#copyOf(this.#placeOf(page, page.ids.indexOf(id)))
    })
    const counts = new Map(around.map(cluster => [cluster, cluster.count]))
    around.forEach((cluster, i) => {
      this.#moveNearer(cluster, places[i], halves, centres)
    })
    halves.forEach((half, i) => {
      this.#moveNearer(half, centres[i], around, places)
    })
    // All have gone where they are as near, or nearer.
    for (const cluster of [...halves, ...around]) {
      if (cluster.count === 0) this.#dissolve(cluster)
      else if (counts.get(cluster) !== cluster.count) this.#recentre(cluster)
    }
  }

  /** Members of a cluster that are nearer to one of other centres go there, while there is room. */
  #moveNearer(
    cluster: Cluster,
    centre: Place,
    others: readonly Cluster[],
    places: readonly Place[],
  ): void {
    const { count, scales } = cluster
    const best = new Float64Array(count)
    const nearest = new Array<Cluster>(count).fill(cluster)
    const compare = (place: Place, other: Cluster) => {
      this.#dots(place.at, cluster, 0)
      const { i32 } = this.#kernel
      for (let i = 0; i < count; i++) {
        const product = i32[this.#outs[0] / 4 + i] * place.scale * scales[i]
        const likeness = product + place.bias
        const rounded = (Math.abs(product) + Math.abs(place.bias)) * ROUNDED
        if (other !== cluster && likeness - best[i] <= rounded) continue
        best[i] = likeness
        nearest[i] = other
      }
    }
    compare(centre, cluster)
    others.forEach((other, i) => {
      compare(places[i], other)
    })
    for (let i = count - 1; i >= 0; i--) {
      const to = nearest[i]
      if (to !== cluster && to.count < MOST[to.level]) this.#move(cluster, i, to)
    }
  }
}
