/**
 * A search among the vectors of an index at one version: clusters are opened, nearest first, their codes compared with the query's,
 * and the best are compared by their numbers.
 *
 * How many codes are compared grows with the square root of how many there are. Where few of those seen pass the caller's tests, more
 * are compared, until as many match as are wanted or all have been seen: so there are never fewer. `exact` sees all codes, and
 * compares the numbers of each whose code leaves open that it is among the nearest (lib/vector/query.ts bounds that).
 *
 * Invariants:
 * 1. A candidate is taken before it is tested: where the caller's test throws, the search goes on behind it.
 * 2. Nothing in the kernel's memory is needed from one cluster to the next: the caller's test may search, too.
 */
import type { Directory } from '../hot/blocks.js'
import { type KeyWords, valueBytesOf, versionOf } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import { compareKeys } from '../memory/words.js'
import type { KeyList } from '../query/key-list.js'
import { Cursor } from '../tree/cursor.js'
import { nodeBirth } from '../tree/node.js'
import { Best, type Candidate, Candidates } from '../vector/candidates.js'
import { OWN_BYTES } from '../vector/kernel.js'
import {
  type Between,
  blocksOf,
  blockTag,
  MOST_IN_BLOCK,
  PAGES_RANGE,
  TOP,
  VECTORS_RANGE,
} from '../vector/layout.js'
import type { VectorQuery } from '../vector/query.js'
import { countAt } from './at.js'
import type { Held } from './held.js'
import type { IndexCore } from './index-core.js'
import { runOf } from './run.js'
import type { Source } from './source.js'
import { type Match, Vectors } from './vectors.js'

const ALL = { reverse: false, limit: Number.POSITIVE_INFINITY }
/**
 * Codes compared are that many times the square root of all there are; and that many times as many as are wanted.
 */
const PER_ROOT = 30
const PER_WANTED = 8
/** Candidates measured beyond those that are wanted; of many, that share; with more effort, more. */
const MORE = 10
const MORE_SHARE = 0.2
/** Centres that are looked at for each cluster that will be opened, unless there are fewer. */
const CENTRES = 16
/** Blocks read at a time. */
const READ = 4

/** What is asked for. */
export interface Wanted {
  readonly k: number
  readonly effort: number
  readonly exact: boolean
  readonly within: number
}

/** Whether the entry of a vector is wanted: may run the caller's code. */
export type Test = (primary: KeyWords) => boolean

export class VectorSearch {
  readonly #core: IndexCore
  readonly #held: Held
  readonly #isPublished: boolean
  readonly #query: VectorQuery
  readonly #wanted: Wanted
  readonly #vectors: Vectors
  readonly #entries: number[] = []
  readonly #directory: Directory | null
  /** Where in the kernel's memory a block lies that is not kept: behind the query's code and products. */
  readonly #scratch: number
  /** How many vectors there are. */
  readonly size: number
  /** Codes to be compared unless few pass. */
  readonly base: number
  /** Clusters to be opened; and pages whose centres were not looked at. */
  #clusters: Candidates | null = null
  #pages = new Candidates()
  #seen = 0
  #candidates = new Candidates()
  /** In place of all candidates, where only the best are needed. */
  #best: Best | null = null
  #isExact: boolean
  #tested = 0
  #passed: Candidate[] = []
  #found: Match[] = []
  /** Of a set of entries, how many were looked at. */
  #looked = 0

  constructor(source: Source, held: Held, query: VectorQuery, wanted: Wanted) {
    const core = source.core as IndexCore
    this.#core = core
    this.#held = held
    this.#isPublished = source.draftRoot() === null && held.deep < 0
    const { W, blocks } = core.engine
    const isKept = this.#isPublished && held.root !== 0
    this.#directory = isKept ? blocks.directoryOf(held.root, nodeBirth(W, held.root)) : null
    this.#scratch = OWN_BYTES + query.code.length + 4 * MOST_IN_BLOCK
    this.#query = query
    this.#wanted = wanted
    this.#vectors = new Vectors(source, held)
    this.size = countAt(core, held, held.root, VECTORS_RANGE)
    const { k, effort } = wanted
    this.base = Math.max(PER_ROOT * Math.sqrt(this.size), PER_WANTED * k) * effort
    this.#isExact = wanted.exact || k >= this.size || this.base >= this.size
  }

  /** The nearest, nearest first. Again, where `test` has thrown, to go on behind that. */
  run(test: Test | null): Match[] {
    if (this.#wanted.k === 0 || this.size === 0) return []
    if (!this.#isExact) {
      const { within } = this.#wanted
      const near = test === null ? this.#nearly() : this.#gather(test)
      const all = near.map(candidate => this.#vectors.matchOf(this.#query, candidate))
      const found = all.filter(({ distance }) => distance <= within).sort(compareMatches)
      if (found.length >= this.#wanted.k) return found.slice(0, this.#wanted.k)
      // Codes that were seen do not tell which are within the distance, or others may be.
      this.#isExact = true
      this.#begin()
    }
    return this.#exactly(test)
  }

  /** The nearest of some entries. As {@link run}. */
  among(keys: KeyList, test: Test | null): Match[] {
    const { key: primary } = this.#core.engine
    while (this.#looked < keys.count) {
      keys.load(this.#looked++, primary)
      const placed = this.#vectors.placeOf(primary)
      if (placed === null) continue
      const distance = this.#vectors.distanceTo(this.#query, placed)
      if (distance > this.#worst) continue
      const words = primary.words.slice(0, (primary.bytes + 3) >>> 2)
      const own = { words, bytes: primary.bytes }
      if (test === null || test(own)) this.#offer({ primary: own, distance })
    }
    return this.#taken()
  }

  /** Beyond this distance nothing is among the nearest any more. */
  get #worst(): number {
    const { k, within } = this.#wanted
    return this.#found.length < k || k === 0 ? within : this.#found[k - 1].distance
  }

  #begin(): void {
    this.#clusters = null
    this.#pages = new Candidates()
    this.#seen = 0
    this.#candidates = new Candidates()
  }

  // ── What is in the index ──────────────────────────────────────────────────────────────────────

  /**
   * Compares the query with the members of a cluster, a block at a time.
   * @param use gets where in the kernel's memory, in words, the block lies, and the place of its first member
   */
  #compare(level: number, cluster: number, use: (from: number, place: number) => void): void {
    const { blocks, queries } = this.#core.engine
    const { kernel, counts } = blocks
    const { code } = this.#query
    const stride = code.length
    let place = 0
    kernel.reserve(OWN_BYTES + 2 * stride)
    kernel.i8.set(code, OWN_BYTES)
    const compare = (at: number) => {
      const count = kernel.u32[at / 4]
      kernel.dots(OWN_BYTES, at + 4 * (1 + 3 * count), stride, count, OWN_BYTES + stride)
      use(at / 4, place)
      place += count
      queries.similarities += count
    }
    const directory = this.#directory
    const tag = blockTag(level, cluster)
    const known = directory?.get(tag)
    if (known !== undefined) {
      for (const at of known) compare(at)
      counts.hot += known.length
      return
    }
    const { demotions } = counts
    const kept: number[] = []
    let isAll = true
    this.#eachBlock(blocksOf(level, cluster), (words, entry) => {
      const at = this.#load(words, entry)
      compare(at)
      kept.push(at)
      if (at === this.#scratch) isAll = false
    })
    if (isAll && demotions === counts.demotions) directory?.set(tag, kept)
  }

  /** The blocks of a cluster, in order. */
  #eachBlock(range: Between, use: (words: Uint32Array, entry: number) => void) {
    const { root, deep } = this.#held
    if (deep >= 0) {
      const run = runOf(this.#core, this.#held, root, range, ALL)
      while (run.fill(READ, use) > 0);
      return
    }
    // The end is told by the keys: to seek it, too, costs as much again.
    const { W } = this.#core.engine
    const cursor = new Cursor(W, root, { ...range, upper: null }, false, Number.POSITIVE_INFINITY)
    const [tag] = range.lower.words
    const entries = this.#entries
    for (
      let count = cursor.fill(entries, 0, READ);
      count > 0;
      count = cursor.fill(entries, 0, READ)
    ) {
      for (let i = 0; i < count; i++) {
        if (W[entries[i] + E_KEY] !== tag) return
        use(W, entries[i])
      }
    }
  }

  /** Adds the clusters whose centres are members of a page, or of the one cluster of pages. */
  #addCentres(level: number, cluster: number, into: Candidates): void {
    const { kernel } = this.#core.engine.blocks
    const query = this.#query
    const outs = (OWN_BYTES + query.code.length) / 4
    this.#compare(level, cluster, from => {
      const { u32, i32, f32 } = kernel
      const count = u32[from]
      for (let i = 0; i < count; i++) {
        const scale = f32[from + 1 + count + i]
        const likeness = query.likeness(i32[outs + i], scale, f32[from + 1 + 2 * count + i])
        into.add(likeness, u32[from + 1 + i], 0, 0)
      }
    })
  }

  #addMembers(cluster: number): void {
    const { kernel } = this.#core.engine.blocks
    const query = this.#query
    const candidates = this.#candidates
    const best = this.#best
    const isExact = this.#isExact
    const outs = (OWN_BYTES + query.code.length) / 4
    this.#compare(0, cluster, (from, place) => {
      const { u32, i32, f32 } = kernel
      const count = u32[from]
      for (let i = 0; i < count; i++) {
        const scale = f32[from + 1 + count + i]
        const bias = f32[from + 1 + 2 * count + i]
        const likeness = query.likeness(i32[outs + i], scale, bias)
        if (best === null) {
          const most = isExact ? likeness + query.slack(scale, bias) : likeness
          candidates.add(most, u32[from + 1 + i], cluster, place + i)
        } else if (likeness > best.least) {
          best.add(likeness, u32[from + 1 + i], cluster, place + i)
        }
      }
      this.#seen += count
    })
  }

  /** Where the block of an entry is in the kernel's memory. */
  #load(words: Uint32Array, entry: number): number {
    const { engine } = this.#core
    const { blocks } = engine
    const isShared = words === engine.W
    const isKept = isShared && this.#isPublished
    const version = isKept ? versionOf(words, entry) : 0
    const kept = isKept ? blocks.find(entry, version) : -1
    if (kept >= 0) return kept
    const bytes = valueBytesOf(words, entry)
    let to = isKept ? blocks.keep(entry, version, bytes) : -1
    if (isShared) blocks.counts.warm++
    else blocks.counts.cold++
    if (to < 0) to = this.#scratch
    blocks.kernel.reserve(to + bytes)
    engine.gatherer.open(words, entry, (own, at) => {
      blocks.kernel.copy(own, at, bytes / 4, to / 4)
    })
    return to
  }

  // ── Clusters ──────────────────────────────────────────────────────────────────────────────────

  /** The next cluster, nearest first; 0 where all have been opened. */
  #next(): number {
    const clusters = (this.#clusters ??= this.#plan())
    if (clusters.count === 0) this.#look(clusters, Number.POSITIVE_INFINITY)
    return clusters.take()?.id ?? 0
  }

  #plan(): Candidates {
    this.#addCentres(TOP, 0, this.#pages)
    const all = countAt(this.#core, this.#held, this.#held.root, PAGES_RANGE)
    const opened = this.#isExact ? all : (all * this.base) / this.size
    const clusters = new Candidates()
    this.#look(clusters, CENTRES * Math.ceil(opened))
    return clusters
  }

  /** Looks at the centres of pages, the nearest first, until there are so many. */
  #look(clusters: Candidates, centres: number): void {
    while (clusters.count < centres) {
      const page = this.#pages.take()
      if (page === undefined) return
      this.#addCentres(1, page.id, clusters)
    }
  }

  /** Compares codes until that many have been, or all. */
  #probe(codes: number): void {
    while (this.#seen < codes) {
      const cluster = this.#next()
      if (cluster === 0) return
      this.#addMembers(cluster)
    }
  }

  get #hasSeenAll(): boolean {
    return this.#clusters?.count === 0 && this.#pages.count === 0
  }

  // ── The nearest, more or less ─────────────────────────────────────────────────────────────────

  /** Candidates whose numbers are compared. */
  get #needed(): number {
    const { k, effort } = this.#wanted
    return Math.ceil(k + Math.max(MORE, MORE_SHARE * k) * Math.max(1, effort))
  }

  /** The best of the candidates that are seen. */
  #nearly(): readonly Candidate[] {
    const best = new Best(this.#needed)
    this.#best = best
    this.#probe(this.base)
    this.#best = null
    return best.all
  }

  /** The best of the candidates that are seen, and pass: more are looked at until enough do. */
  #gather(test: Test): readonly Candidate[] {
    const { base } = this
    const needed = this.#needed
    const passed = this.#passed
    let codes = base
    for (;;) {
      this.#probe(codes)
      this.#pass(test, needed)
      if (this.#hasSeenAll) return passed
      // Where few pass, those wanted are farther, and so spread over more clusters.
      const share = passed.length / Math.max(1, this.#tested)
      const enough = base / Math.sqrt(Math.max(share, 1 / this.size))
      if (passed.length >= needed && this.#seen >= enough) return passed
      codes = passed.length < needed ? Math.max(2 * this.#seen, enough) : enough
    }
  }

  /** Tests candidates, best first, until none that waits can be among the ones that are needed. */
  #pass(test: Test, needed: number): void {
    const candidates = this.#candidates
    const passed = this.#passed
    while (passed.length < needed || candidates.best > passed[passed.length - 1].likeness) {
      const candidate = candidates.take()
      if (candidate === undefined) return
      this.#tested++
      if (!test(this.#vectors.primaryOf(candidate.id))) continue
      let at = passed.length
      while (at > 0 && passed[at - 1].likeness < candidate.likeness) at--
      passed.splice(at, 0, candidate)
      if (passed.length > needed) passed.pop()
    }
  }

  // ── The nearest, exactly ──────────────────────────────────────────────────────────────────────

  #exactly(test: Test | null): Match[] {
    const candidates = this.#candidates
    this.#probe(Number.POSITIVE_INFINITY)
    for (;;) {
      const worst = this.#worst
      if (!(candidates.best >= this.#query.likenessAt(worst))) break
      const candidate = candidates.take()
      if (candidate === undefined) break
      const distance = this.#vectors.distanceTo(this.#query, candidate)
      if (distance > worst) continue
      const primary = this.#vectors.primaryOf(candidate.id)
      if (test === null || test(primary)) this.#offer({ primary, distance })
    }
    return this.#taken()
  }

  /** Takes a match among the nearest; where all are wanted, they are sorted in the end. */
  #offer(match: Match): void {
    const found = this.#found
    const { k } = this.#wanted
    if (k >= this.size) {
      found.push(match)
      return
    }
    let at = found.length
    while (at > 0 && compareMatches(found[at - 1], match) > 0) at--
    if (at === k) return
    found.splice(at, 0, match)
    if (found.length > k) found.pop()
  }

  #taken(): Match[] {
    const { k } = this.#wanted
    if (k >= this.size) this.#found.sort(compareMatches)
    return this.#found.slice(0, k)
  }
}

/** Nearest first, then in key order. */
function compareMatches(a: Match, b: Match): number {
  const [{ primary: one }, { primary: other }] = [a, b]
  return (
    a.distance - b.distance || compareKeys(one.words, 0, one.bytes, other.words, 0, other.bytes)
  )
}
