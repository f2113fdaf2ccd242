/**
 * One thread's use of one database: the parts that all its verbs share, wired together.
 *
 * Invariants:
 * 1. `active` is the transaction or load that this handle has open to write, if any; only `active` may write,
 *    and it ends itself (transaction.ts). The next verb that it bars finds out whether it was cut off without
 *    unwinding (by a vm timeout).
 * 2. The scratch buffers hold one key and one value, from encoding to the end of the verb.
 */

import { ZVerseError } from '../errors.js'
import { Tags } from '../history/tags.js'
import { HotBlocks } from '../hot/blocks.js'
import { HotCounts } from '../hot/counts.js'
import { HotEdges } from '../hot/edges.js'
import { AccessSketch } from '../hot/sketch.js'
import { ValueCache } from '../hot/value-cache.js'
import { EntryPaths } from '../indexes/bytes.js'
import type { Known } from '../indexes/definition.js'
import { Derived } from '../indexes/derived.js'
import { StoreFollower } from '../indexes/follower.js'
import type { BothValues, Drafts, IndexDraft } from '../indexes/index-draft.js'
import { KeyedDraft, Scratch } from '../indexes/keyed-draft.js'
import { Reverse } from '../indexes/reverse.js'
import { SharedKernel, VectorDraft } from '../indexes/vector-draft.js'
import { KeyBuffer } from '../key/codec.js'
import {
  CACHE_FREEZES,
  CACHE_INDEXES,
  H_CACHE_BYTES,
  H_CACHE_FLAGS,
  H_REPLICA,
} from '../memory/layout.js'
import { Gatherer } from '../memory/pieces.js'
import { PointIndex } from '../point/point-index.js'
import { QueryTools } from '../query/tools.js'
import { TreeEditor } from '../tree/editor.js'
import { Writer } from '../tree/writer.js'
import { ValueBuffer } from '../value/codec.js'
import type { EpochManager } from '../versions/manager.js'
import { Gate } from './gate.js'
import { IndexCatalog } from './index-catalog.js'
import { KeyBatch } from './key-batch.js'
import { Leases } from './lease.js'
import type { Log } from './mutation.js'
import { Names } from './names.js'
import { Reader } from './reader.js'
import type { Replicator } from './replicator.js'
import { NO_SURVEY, type Survey } from './survey.js'
import { Clock, type Environment } from './time.js'

/** A transaction that a handle has open to write, or a load that keeps the turn for several. */
export interface Active {
  /** False if the call that it belongs to was cut off. */
  readonly isAlive: boolean
  /** Ends it after its call was cut off: the next owner of the lock undoes it. */
  forget(): void
  /** Undoes it and ends it. Idempotent. */
  close(): void
}

/** What this handle has submitted to the write queue (lib/queue). */
export interface Submissions {
  /** How many have no outcome yet. */
  readonly depth: number
  /** Brings the shared counts up to date. */
  flush(): void
  /**
   * Ends them, before the handle closes: commits what is there, or rejects it. Throws nothing. Again where it was cut off;
   * in the middle of it, by user code, it does nothing.
   */
  close(rejects: boolean): void
}

/** The error of a change that must go to a replicated log first. */
export function replicated(): ZVerseError {
  const message =
    'the versions of this database are those of a replicated log: use await db.submit(…), ' +
    'await db.transactAsync(…), or await db.change(() => …) for any other verb that writes'
  return new ZVerseError('ZVERSE_REPLICATED', message)
}

export class Engine {
  readonly epochs: EpochManager
  readonly W: Uint32Array
  readonly gate = new Gate()
  readonly clock: Clock
  readonly tags: Tags
  readonly reader: Reader
  readonly names: Names
  readonly index: PointIndex
  /** The secondary indexes of stores, and how values are read for them. */
  readonly indexes: IndexCatalog
  readonly values: BothValues
  /** What functions give values. */
  readonly derived: Derived
  #scratch: Scratch | null = null
  readonly #kernel = new SharedKernel()
  readonly tools = new QueryTools()
  readonly #followers = new WeakMap<readonly Known[], StoreFollower>()
  readonly writer: Writer
  readonly key = new KeyBuffer()
  readonly value = new ValueBuffer()
  readonly batch = new KeyBatch()
  /** Gathers values that lie in pieces. */
  readonly gatherer: Gatherer
  readonly leases: Leases
  /** Which keys this thread reads often; the decoded values of hot keys, if the database keeps any. */
  readonly sketch = new AccessSketch()
  readonly cache: ValueCache | null
  /** What the queries and indexes of this handle have done, for `stats`. */
  readonly queries = { lookups: 0, scanned: 0, returned: 0, similarities: 0 }
  /** What this thread keeps of indexes: lists of edges, and, once it has compared some, blocks of vectors. */
  readonly hot = new HotCounts()
  readonly edges: HotEdges | null
  #blocks: HotBlocks | null = null
  readonly #hotBytes: number
  active: Active | null = null
  /** The commit log, if there is one: gets each commit before it can be read. */
  log: Log | null = null
  /**
   * The versions are those of a replicated log: of all threads one commits what comes of it, and nobody else.
   */
  readonly isReplica: boolean
  /** This thread is that one, and at that. */
  isReplicating = false
  /** What it is that one with. */
  replicator: Replicator | null = null
  /** The write queue, once this handle has used it. */
  queue: Submissions | null = null
  /** The last survey of `stats`. */
  survey: Survey = NO_SURVEY
  /** Called at close: ends iterators and transactions. */
  readonly onClose = new Set<() => void>()

  constructor(epochs: EpochManager, environment: Environment) {
    const { arena } = epochs
    this.epochs = epochs
    this.W = arena.words
    this.isReplica = arena.words[H_REPLICA] !== 0
    this.clock = new Clock(this.gate, environment)
    this.gatherer = new Gatherer(arena)
    const editor = new TreeEditor(arena.words, epochs.space)
    this.tags = new Tags(arena.words, editor, epochs.space)
    this.reader = new Reader(this.gate, epochs, this.tags)
    this.names = new Names(arena, this.gatherer)
    this.index = new PointIndex(arena.words, epochs.allocator, epochs.limbo, epochs.past)
    this.writer = new Writer(arena.words, epochs.space, editor, this.index)
    this.indexes = new IndexCatalog(arena.words, this.names)
    this.values = {
      before: new EntryPaths(arena, new Gatherer(arena)),
      after: new EntryPaths(arena, this.gatherer),
    }
    this.derived = new Derived(environment.functions ?? new Map(), body => this.gate.guarded(body))
    this.leases = new Leases(this.gate)
    const bytes = arena.floats[H_CACHE_BYTES / 2]
    const flags = arena.words[H_CACHE_FLAGS]
    const freezes = (flags & CACHE_FREEZES) !== 0
    // Values have half of it then, blocks of vectors and lists of edges a quarter each.
    const quarter = (flags & CACHE_INDEXES) === 0 ? 0 : Math.floor(bytes / 4)
    const forValues = bytes - 2 * quarter
    this.cache = forValues > 0 ? new ValueCache(forValues, freezes, this.sketch) : null
    this.#hotBytes = quarter
    this.edges = quarter > 0 ? new HotEdges(quarter, this.hot) : null
  }

  /** What keeps some indexes up in a transaction of this handle. */
  follower(indexes: readonly IndexDraft[]): StoreFollower {
    return new StoreFollower(this.W, this.values, indexes)
  }

  /** What keeps up all indexes of a store, which a transaction changes; it is used again. */
  followerOf(all: readonly Known[], drafts: Drafts): StoreFollower {
    const used = this.#followers.get(all)
    if (used !== undefined) return used.begin(drafts)
    const made = this.follower(all.map(known => this.indexDraft(known, drafts)))
    this.#followers.set(all, made)
    return made
  }

  /** An index in a transaction of this handle. */
  indexDraft(known: Known, drafts: Drafts): IndexDraft {
    const { W, epochs, writer, derived, gatherer } = this
    const tools = { W, space: epochs.space, writer }
    const scratch = (this.#scratch ??= new Scratch())
    if (known.defined.kind === 'vector') {
      return new VectorDraft(known, drafts, tools, gatherer, this.#kernel, scratch.key, derived)
    }
    const reverse = known.defined.by === null ? null : new Reverse(W, gatherer)
    return new KeyedDraft(known, drafts, tools, scratch, derived, reverse)
  }

  /** Blocks of vector indexes, as this thread compares them. */
  get blocks(): HotBlocks {
    return (this.#blocks ??= new HotBlocks(this.#hotBytes, this.hot))
  }

  /** True while this handle has something open to write; forgets a transaction that was cut off. */
  get isWriting(): boolean {
    const { active } = this
    if (active === null) return false
    if (active.isAlive) return true
    active.forget()
    return false
  }

  /** @throws ZVerseError `ZVERSE_NESTED_TRANSACTION` while this handle has something open to write. */
  notWriting(): void {
    if (!this.isWriting) return
    const message = 'this thread has a write transaction open: write through it, or end it first'
    throw new ZVerseError('ZVERSE_NESTED_TRANSACTION', message)
  }

  /**
   * Ends everything this handle has open. Idempotent.
   * @param rejects what it has submitted is not written
   */
  close(rejects = false): void {
    if (this.gate.isClosed) return
    this.active?.close()
    // The queue may call user code, which may close the database.
    this.queue?.close(rejects)
    if (this.gate.isClosed) return
    this.gate.close()
    this.queue = null
    this.active?.close()
    for (const end of [...this.onClose]) end()
    this.onClose.clear()
    this.log?.close()
    this.epochs.close()
  }
}
