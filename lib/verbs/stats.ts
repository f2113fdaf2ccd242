/** `stats()`: plain numbers, grouped. A few loads for each thread and each version; never waits. */

import type { Engine } from '../engine/engine.js'
import type { Survey } from '../engine/survey.js'
import { wholeOf } from '../indexes/reverse.js'
import { countAt } from '../memory/counts.js'
import {
  BURIED,
  H_COMMIT_TIMES,
  H_COMMITS_SINCE_SCAN,
  H_GROUP_SIZES,
  H_GROUPS,
  H_PROMOTED,
  H_QUEUE_PEAK,
  H_QUEUE_TIMES,
  H_READ_TIMES,
  H_RECLAIMED,
  H_REJECTED,
  H_REPLACED,
  H_RETIRED_SINCE_SCAN,
  H_SETTLED,
  H_SUBMITTED,
  R_CATALOG,
  R_PREV,
  R_VERSION,
  S_LIVE,
  S_LIVE_WORDS,
  SIZE_BUCKETS,
  T_DEPTH,
  T_ID,
  T_READS,
  T_WAITED,
  T_WAITING,
  T_WAITS,
} from '../memory/layout.js'
import { X_COUNT, X_WORDS } from '../memory/point-layout.js'
import { isTagged, timeOf } from '../memory/record.js'
import { load48 } from '../memory/words.js'
import { eachHead } from '../point/dropped.js'
import { type Lanes, lanesOf } from '../queue/pressure.js'
import { eachPin } from '../threads/slots.js'
import { eachLine, eachUser } from '../threads/table.js'
import { type Times, timesAt } from '../threads/times.js'
import { count } from '../tree/box-cursor.js'
import { stateOf } from '../tree/catalog.js'

export interface Stats {
  /** Bytes. */
  memory: {
    /** Reserved address space. */
    maxBytes: number
    /** Ever touched: the system may have committed so many. */
    touchedBytes: number
    usedBytes: number
    freeBytes: number
  }
  versions: {
    version: number
    oldestVersion: number
    /** Snapshots in memory, pinned and tagged ones below the run of versions included. */
    retained: number
    /** Bytes that only past versions of the run need. */
    pastBytes: number
  }
  readers: {
    /** Handles attached: one a thread, more where a thread attached more often. */
    attached: number
    /** Read verbs begun, by all threads so far. */
    reads: number
    /** Pinned snapshots, each counted once for each handle that pins it. */
    pins: number
    /** The oldest pinned version; the present one if none is pinned. */
    oldestPinned: number
    /** Its age in ms, and the thread that pins it; 0 and null if none is pinned. */
    oldestPinnedMs: number
    oldestPinnedThread: number | null
  }
  writer: {
    /** Versions committed, by all threads. */
    published: number
    /** Bytes that commits have replaced, and bytes freed since, in all. */
    retiredBytes: number
    reclaimedBytes: number
    /** Snapshots that are no longer kept, pinned or tagged and still wait to be reclaimed. */
    lag: number
    commitsSinceScan: number
    retiredBytesSinceScan: number
    /** How often a writer had to wait for its turn, and ms waited in all. */
    waits: number
    waitedMs: number
    /** Writers that wait now. */
    waiting: number
  }
  /** Point indexes and cached values, which make reads of single keys fast. */
  cache: {
    /** Keys that the point indexes lead to, over all stores, and the bytes of their tables. */
    indexedKeys: number
    indexBytes: number
    /** Decoded values that this thread caches, their estimated bytes, and the bound on those. */
    values: number
    valueBytes: number
    maxValueBytes: number
    /** Reads by this thread that found their value in the cache, and that did not. */
    hits: number
    misses: number
    /** Recent reads of single keys by this thread, estimated from samples. */
    recentReads: number
    /** Keys with at least a thousandth of those, and with at least a ten-thousandth; 128 together at most. */
    hotKeys: number
    warmKeys: number
    /** The shares of the reads that go to hot keys, warm keys, and all others. */
    hotShare: number
    warmShare: number
    coldShare: number
  }
  /** Secondary indexes, and queries. */
  indexes: {
    /** Keys of all indexes of the present version, and the bytes that they take in memory. */
    entries: number
    bytes: number
    /**
     * By this handle: entries looked up that indexes led to; index keys, or entries of scans, read; results given.
     */
    lookups: number
    scanned: number
    returned: number
    /** By this handle: vectors compared; by their codes, or by their numbers. */
    similarities: number
    /** Blocks of vectors, and lists of edges, that this thread took into its cache, and that left it. */
    promotions: number
    demotions: number
    /** Those read: in the thread's cache; from memory; and from the files of the deep past. */
    hot: number
    warm: number
    cold: number
  }
  /** Sampled times in µs, by all threads. */
  latency: {
    read: Times
    /** From the writer's turn to its end, without user code in a transaction. */
    commit: Times
  }
  queue: QueueStats
  storage: StorageStats
}

/** The write queue, of all threads; counts since the opening. */
export interface QueueStats {
  /** Submissions that came in; that were committed, or failed; that had no room; that were promoted. */
  enqueued: Lanes
  settled: Lanes
  rejected: Lanes
  promoted: Lanes
  /** Those that wait now, and the most that ever waited at a time. */
  depth: Lanes
  peak: Lanes
  /** Groups that were committed, and how many had 1, 2 to 3, 4 to 7, … submissions. */
  groups: number
  groupSizes: number[]
  /** Sampled times from `submit` to its outcome, µs. */
  time: Times
}

/** Persistent mode; all 0 in memory. */
export interface StorageStats {
  durableVersion: number
  /** Times that the disk was made to write all it had of the log, by all threads since the opening. */
  syncs: number
  /** Not 0: the errno, without its sign, of the call that failed; no change is possible any more. */
  failed: number
  /** How often in a row the work in the background has failed, or `compact`; 0: all that was due was done. */
  keeperFailures: number
  /** Segments of the log, their bytes, those that were made ahead included. */
  segments: number
  logBytes: number
  /** The version and the bytes of the newest base; 0 while there is none. */
  baseVersion: number
  baseBytes: number
  /** The past on disk: up to which version it is written, its files, their bytes; 0 while there is none. */
  pastVersion: number
  pastFiles: number
  pastBytes: number
}

/** What a database in memory has. */
const NO_STORAGE: StorageStats = {
  ...{ durableVersion: 0, syncs: 0, failed: 0, keeperFailures: 0 },
  ...{ segments: 0, logBytes: 0 },
  ...{ baseVersion: 0, baseBytes: 0, pastVersion: 0, pastFiles: 0, pastBytes: 0 },
}

/** @param storage of a database in a directory */
export function stats(engine: Engine, storage = NO_STORAGE): Stats {
  const { W, epochs } = engine
  const { allocator, arena, slots } = epochs
  const touchedBytes = allocator.writtenWords * 4
  const freeBytes = allocator.freeWords * 4
  engine.queue?.flush()
  // While another thread is in the middle of a transaction, the last survey serves.
  engine.survey = epochs.turn.tryExclusively(() => survey(engine)) ?? engine.survey
  const { retained, lag, oldest, since, thread } = engine.survey
  slots.enterRun()
  try {
    const { current } = epochs.versions
    const version = load48(W, current + R_VERSION)
    const pins = sum(W, line => pinsOf(W, line))
    return {
      memory: {
        maxBytes: W.length * 4,
        touchedBytes,
        usedBytes: touchedBytes - freeBytes,
        freeBytes,
      },
      versions: {
        version,
        oldestVersion: epochs.versions.readableBefore(version),
        retained,
        pastBytes: epochs.past.words * 4,
      },
      readers: {
        attached: attachedIn(W),
        reads: sum(W, line => countAt(W, line + T_READS), true),
        pins,
        oldestPinned: thread === null ? version : oldest,
        oldestPinnedMs: thread === null ? 0 : Math.max(0, engine.clock.after(since) - since),
        oldestPinnedThread: thread,
      },
      writer: {
        published: version,
        retiredBytes: arena.floats[H_REPLACED / 2] * 4,
        reclaimedBytes: arena.floats[H_RECLAIMED / 2] * 4,
        lag,
        commitsSinceScan: W[H_COMMITS_SINCE_SCAN],
        retiredBytesSinceScan: W[H_RETIRED_SINCE_SCAN] * 4,
        waits: sum(W, line => countAt(W, line + T_WAITS), true),
        waitedMs: sum(W, line => countAt(W, line + T_WAITED), true) / 1000,
        waiting: sum(W, line => W[line + T_WAITING]),
      },
      cache: { ...pointCounts(W, current), ...cacheCounts(engine) },
      indexes: { ...indexCounts(engine, current), ...engine.queries, ...engine.hot },
      latency: { read: timesAt(W, H_READ_TIMES), commit: timesAt(W, H_COMMIT_TIMES) },
      queue: queueCounts(W),
      storage: { ...storage },
    }
  } finally {
    slots.exit()
  }
}

function queueCounts(W: Uint32Array): QueueStats {
  const counts = (at: number) => lanesOf(lane => countAt(W, at + 2 * lane))
  const sizes = Array.from(W.subarray(H_GROUP_SIZES, H_GROUP_SIZES + SIZE_BUCKETS))
  return {
    enqueued: counts(H_SUBMITTED),
    settled: counts(H_SETTLED),
    rejected: counts(H_REJECTED),
    promoted: counts(H_PROMOTED),
    depth: lanesOf(lane => sum(W, line => W[line + T_DEPTH + lane])),
    peak: lanesOf(lane => W[H_QUEUE_PEAK + lane]),
    groups: countAt(W, H_GROUPS),
    groupSizes: sizes.slice(
      0,
      sizes.reduce((last, n, i) => (n > 0 ? i + 1 : last), 0),
    ),
    time: timesAt(W, H_QUEUE_TIMES),
  }
}

function indexCounts({ W, names, indexes }: Engine, record: number) {
  let entries = 0
  let words = 0
  for (const all of indexes.below(names.rootIn(record)).values()) {
    for (const { id, defined } of all) {
      const state = stateOf(W, W[record + R_CATALOG], id)
      entries += count(W, W[state + S_LIVE], wholeOf(defined))
      words += W[state + S_LIVE_WORDS]
    }
  }
  return { entries, bytes: words * 4 }
}

function pointCounts(W: Uint32Array, record: number) {
  let indexedKeys = 0
  let words = 0
  eachHead(W, record, head => {
    indexedKeys += W[head + X_COUNT]
    words += W[head + X_WORDS]
  })
  return { indexedKeys, indexBytes: words * 4 }
}

function cacheCounts({ cache, sketch }: Engine) {
  const { entries = 0, bytes = 0, hits = 0, misses = 0 } = cache?.counts ?? {}
  const { reads, hotKeys, warmKeys, hotShare, warmShare, coldShare } = sketch.temperature
  return {
    values: entries,
    valueBytes: bytes,
    maxValueBytes: cache?.maxBytes ?? 0,
    hits,
    misses,
    recentReads: reads,
    hotKeys,
    warmKeys,
    hotShare,
    warmShare,
    coldShare,
  }
}

function pinsOf(W: Uint32Array, line: number): number {
  let pins = 0
  eachPin(W, line, () => pins++)
  return pins
}

/** For the owner of the writer lock. */
function survey({ W, epochs }: Engine): Survey {
  const held = new Set<number>()
  let oldest = 0
  let thread: number | null = null
  eachLine(W, line => {
    const id = W[line + T_ID]
    if (id === 0) return false
    eachPin(W, line, record => {
      held.add(record)
      if (oldest !== 0 && load48(W, record + R_VERSION) >= load48(W, oldest + R_VERSION)) return
      oldest = record
      thread = (id % BURIED) - 1
    })
    return false
  })
  let retained = 0
  let lag = 0
  for (let record = epochs.versions.current; record !== 0; record = W[record + R_PREV]) {
    retained++
    const isHeld = isTagged(W, record) || held.has(record)
    if (!isHeld && load48(W, record + R_VERSION) < epochs.versions.oldest) lag++
  }
  return {
    retained,
    lag,
    oldest: oldest === 0 ? 0 : load48(W, oldest + R_VERSION),
    since: oldest === 0 ? 0 : timeOf(W, oldest),
    thread,
  }
}

/** Adds `value` up over the lines in use; `ever`: over all lines ever used. */
function sum(W: Uint32Array, value: (line: number) => number, ever = false): number {
  let total = 0
  eachLine(W, line => {
    if (ever || W[line + T_ID] !== 0) total += value(line)
    return false
  })
  return total
}

/** How many handles users have. */
function attachedIn(W: Uint32Array): number {
  let attached = 0
  eachUser(W, line => {
    if (W[line + T_ID] !== 0) attached++
    return false
  })
  return attached
}
