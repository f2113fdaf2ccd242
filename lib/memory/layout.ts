/**
 * Every offset, size and magic number of shared memory, with the records drawn. One place.
 *
 * The arena, in words of 32 bits (a reference is a word index; 0 is "nothing"):
 *
 *     page 0            header: fixed facts | CURRENT … | LOCK | what the writer keeps
 *     page 1            allocator state (allocator.ts draws it)
 *     page 2            undo log, its first entries
 *     threadsAt         maxThreads lines of THREAD_WORDS
 *     tracksAt          maxThreads entries of TRACK_WORDS: which thread tracks which
 *     ringAt            directory of the version ring, ringSize words
 *     descriptorsAt     page descriptors (pages.ts draws them)
 *     firstPage …       pages for everything else
 *
 * Versions and times take 48 bits in two words, low word first. Everything below is written by the
 * holder of the writer lock only, unless the drawing says otherwise.
 */
import { assert } from '../errors.js'

/** Words in a page: 4 KiB. */
export const PAGE = 1024
/** 'ZVRS', and the layout's number: another layout cannot be attached. */
export const MAGIC = 0x5a565253
export const LAYOUT = 9
export const MAX_VERSION = 2 ** 48 - 1

// ── Header: fixed after construction ────────────────────────────────────────────────────────────
export const H_MAGIC = 0
export const H_LAYOUT = 1
export const H_PAGES = 2
export const H_MAX_THREADS = 3
export const H_THREADS_AT = 4
export const H_RING_AT = 5
export const H_RING_SIZE = 6
export const H_DESCRIPTORS_AT = 7
export const H_FIRST_PAGE = 8
/** Set once, when a handle is first given to a second thread. */
export const H_SHARED = 9
export const H_TRACKS_AT = 10
/** ms that a writer waits for its turn. */
export const H_LOCK_TIMEOUT = 11
/** Tests: fill what is freed with garbage. */
export const H_POISON = 12
/** Lines at the front of the table that are the keeper's alone. */
export const H_FIRST_LINE = 14
/** The most units that a node takes; fewer than there is room for only in tests. */
export const H_UNITS = 15
/** Keys from which on a store has a point index; 0: it never has. */
export const H_POINT_INDEX = 13

// ── Header: what every read loads, written by the writer at commit ──────────────────────────────
/** Reference of the record of the present version, what readers see. */
export const H_CURRENT = 16
/** Low word of the newest version, stored after CURRENT: the hint that readers announce. */
export const H_PUBLISHED = 17
/** The low-water mark: low word of the oldest version that can be read by number. */
export const H_OLDEST = 18
/** Root of the tag tree. */
export const H_TAG_ROOT = 19

// ── Header: a line of its own for the words that threads wait on ────────────────────────────────
/** The writer lock: the owner's thread id plus 1, or 0. Any thread, by CAS. */
export const H_LOCK = 32
/**
 * The thread that has the next turn: its id plus 1, or 0; with TURN_PRESENT once it is awake. By CAS.
 */
export const H_TURN = 33
export const TURN_PRESENT = 0x40000000
/** How many threads wait for the lock; never too low, too high by those that died waiting. */
export const H_WAITERS = 34
/** Counts how often the lock came to another thread than before. The owner. */
export const H_TICKET = 35
/** The thread that took the lock last: its id plus 1. The owner. */
export const H_LAST = 36
/** How often threads with such ids, modulo WAKES, were called: they wait on it. Any thread, by addition. */
export const H_WAKE = 640
export const WAKES = 64

// ── Header: the write queue (docs/queue.md) ─────────────────────────────────────────────────────
/** How often submissions of threads with such ids were decided: they wait on it, as on H_WAKE. */
export const H_DECIDED = 704
/** The thread that commits what others have submitted: its id plus 1, or 0. Any thread, by CAS. */
export const H_PUMP = 768
/** Not 0: that thread sleeps on this word until there is something to commit. */
export const H_PUMP_IDLE = 769
/** The level of pressure that was told last. Any thread, by CAS. */
export const H_PRESSURE = 770
/** Fixed after construction: bytes of a group at most, and submissions that each lane may have. */
export const H_GROUP_BYTES = 771
export const H_CAPACITY = 772
/** Where the next group begins among the lines; in how many groups each lane was passed over. The owner. */
export const H_QUEUE_LINE = 775
export const H_PASSED = 776
/** The most submissions that each lane has had. Any thread, by CAS. */
export const H_QUEUE_PEAK = 779
/** The thread that drains: its id plus 1, or 0. Any thread, by CAS. Beside it there is no pump. */
export const H_DRAINER = 782
/** For each lane, 64 bits: submissions, and those that had no room. Any thread, by addition. */
export const H_SUBMITTED = 784
export const H_REJECTED = 790
/** The same: submissions that were decided, that were promoted; and groups. The owner. */
export const H_SETTLED = 796
export const H_PROMOTED = 802
export const H_GROUPS = 808
/** How many groups had so many submissions: a bucket for each power of 2. The owner. */
export const H_GROUP_SIZES = 812
export const SIZE_BUCKETS = 20
/** Histogram of sampled times in the queue, as H_READ_TIMES. */
export const H_QUEUE_TIMES = 832
/** Lanes of the queue: high, normal, low. */
export const LANES = 3
/** How many threads wait for a commit, counted in the same way. On CURRENT's line: each commit reads it. */
export const H_WATCHERS = 22

/** Thread lines ever used; published before a line is used. Any thread, by CAS. */
export const H_HIGH_WATER = 48

// ── Header: what only the holder of the lock reads and writes ───────────────────────────────────
/** Not 0 while a critical section is under way; an owner that finds it not 0 recovers first. */
export const H_DIRTY = 64
/** Not 0 while lists of the chain are half changed: then the undo log alone cannot undo. */
export const H_PHASE = 65
/** Undo log: entries in use, and the chunk that holds the last of them (0: the page itself). */
export const H_LOG_COUNT = 66
export const H_LOG_CHUNK = 67
export const H_COMMITS_SINCE_SCAN = 69
export const H_RETIRED_SINCE_SCAN = 70
/** The last record that the pass over records below the low-water mark had to keep (0: it begins anew). */
export const H_FRONTIER = 71
/** Retired blocks that no thread can read any more, waiting for budget: chunk list. */
export const H_FREE = 72
/** Blocks unlinked beside the chain (old tag trees, ring segments): chunk list by version. */
export const H_LIMBO = 74
/** A reserved empty chunk, so that reclaiming never has to allocate. */
export const H_SPARE = 76
/** First of the pages reserved for a delete or a clear in a full database (0: used up). */
export const H_RESERVE = 77
/** Reclaimed entries whose pieces wait for budget: a list through word 0 of each entry. */
export const H_PIECES = 78
/** Words reclaimed in all, and replaced. These and the bounds of history are float64s: `arena.floats`. */
export const H_RECLAIMED = 80
export const H_REPLACED = 134
export const H_HISTORY_VERSIONS = 84
export const H_HISTORY_MS = 86
export const H_HISTORY_BYTES = 88
/** The version the undo log belongs to (two words). */
export const H_LOG_VERSION = 90
/** How often tags were changed: what the tag tree's nodes count as their births (two words). */
export const H_TAG_CHANGES = 92
/** Not 0 while lists may hold blocks that a budget left undone. */
export const H_UNDONE = 94
/** The oldest record of the chain. */
export const H_TAIL = 82
/** Not 0: when the pass over the records below the low-water mark ends, another begins. */
export const H_AGAIN = 83
/** Where the search for pending lists stands (0: it begins anew), and whether another follows. */
export const H_SEARCH = 130
export const H_SEARCH_AGAIN = 131
/** Point index tables that were dropped whole: a list through D_NEXT. */
export const H_TABLES = 132
/** Generation numbers: a block of GENERATIONS words, made once (0: not yet). */
export const H_GENERATIONS = 133
/**
 * The dead tree that is being taken apart: the record whose dead list gets the blocks that an older
 * version still sees (0: none does), depth of the path (0: none), then node and index for each level.
 */
export const H_WALK_TARGET = 96
export const H_WALK_DEPTH = 97
export const H_WALK_PATH = 98
export const WALK_LEVELS = 16
/** Histograms of sampled times (threads/times.ts). Any thread, by atomic addition. */
export const H_READ_TIMES = 256
export const H_COMMIT_TIMES = 416
export const TIME_BUCKETS = 160
/** Fixed after construction: bytes of each thread's cache of values (float64), and whether it freezes. */
export const H_CACHE_BYTES = 576
export const H_CACHE_FLAGS = 578
export const CACHE_FREEZES = 1
export const CACHE_INDEXES = 2

/** Fixed after construction: bytes beyond which values are deflated, plus 1; 0: none are. */
export const H_COMPRESS = 580

// ── Header: the tip, and the log, where there is one (docs/decisions/0033) ──────────────────────
/** How commits are made durable: SYNC_…; fixed after construction. */
export const H_SYNC = 144
/** The thread that is making the log durable: its id plus 1, or 0. Any thread, by CAS. */
export const H_SYNCER = 145
/** How many threads wait for it; never too low, too high by those that died waiting. */
export const H_SETTLING = 146
/** Not 0 once a call of the disk has failed: its errno, without the sign; and which call it was. */
export const H_FAILED = 147
export const H_FAILED_CALL = 148
/**
 * Who had a commit made durable by the last sync, and who has staged one since: a bit for each thread, by its id
 * modulo 32. The syncer; any thread, by OR. And syncs that none of the former is waited for before. The syncer.
 */
export const H_SERVED = 149
export const H_COMING = 156
export const H_IMPATIENT = 157
/**
 * Reference of the newest record, what writers build on: its store is the commit point. Its low bit says which of
 * the two ends of the log counts. Ahead of CURRENT while the log is not durable up to there.
 */
export const H_TIP = 160
/** 2 + the side of the end that the next store of TIP makes count; 0: TIP keeps its side. */
export const H_STAGED = 161
/** The segment that was begun from the end that counts; 0: none. */
export const H_LOG_BEGUN = 162
/** Check of the mark that the log ended with last: while it ends so, all of it is durable. */
export const H_LOG_MARK = 165
/** A tag tree that TAG_ROOT gets once TIP has a side: 2 + that side (0: none), and its root. */
export const H_TAG_SIDE = 163
export const H_TAG_NEXT = 164
/** The two ends of the log: segment, offset in bytes, check of the record before, spare. */
export const H_LOG_ENDS = 168
export const LOG_END_WORDS = 4
/** How often the next words were written: the low bit says which of the two counts. The syncer. */
export const H_DURABLE = 176
/** What is durable: version (2), segment, offset in bytes; twice. */
export const H_DURABLES = 177
export const DURABLE_WORDS = 4
/** Fixed after construction: what the log's checksums begin with (4 words), and the number of the lock. */
export const H_SALT = 192
export const H_DIRECTORY_LOCK = 196
/** What tells the directory from others that its path may lead to later. Fixed after construction. */
export const H_DIRECTORY = 211
/** Not 0: what memory lets go of must be on disk first (docs/decisions/0035). */
export const H_SEALS = 197
/** Low word of the version up to which it is: the low-water mark stops there. By CAS, with H_SEALING. */
export const H_SEALED = 198
/** How often the list of runs on disk has changed. Whoever has H_SEALING. */
export const H_RUNS = 199
/** Low word of the version before which nothing can be read by number, on disk either: prune, a gap. */
export const H_FLOOR = 200
/** The thread that seals, or changes what the directory names: its id plus 1, or 0. Any thread, by CAS. */
export const H_SEALING = 201
/** Bounds of the past on disk (float64): versions, ms, bytes; the first one below 0: there is none. */
export const H_DISK_VERSIONS = 202
export const H_DISK_MS = 204
export const H_DISK_BYTES = 206
/** How runs are written: bits of a filter for each key, and 2^8 if blocks are deflated. */
export const H_DISK_FORM = 210
/** Low word of the version after which all that died is on disk, or in memory: none before it is. */
export const H_SEALED_FROM = 208
/** The highest number that a run has, or will have. Any thread, by addition. */
export const H_RUN_NUMBER = 209
/** Not 0: the last handle has been closed, and no thread may attach any more. Any thread. */
export const H_CLOSED = 150
/** The thread that does the work in the background, its id plus 1, or 0. Any thread, by CAS. */
export const H_KEEPER = 151
/** The thread that does a piece of it now, the same way: the files are for one at a time. */
export const H_KEEPING = 152
/** Counts what the keeper might look at: it waits on this word. Any thread, by addition. */
export const H_KEEP = 153
/** How often in a row its work has failed, or that of `compact`. Whoever has H_KEEPING; read racily. */
export const H_KEEP_FAILURES = 212
/** Fixed after construction: whether there is to be a keeper; ms between syncs of the mode 'interval'. */
export const H_BACKGROUND = 154
export const H_SYNC_INTERVAL = 155
/**
 * Not 0: the versions are those of a replicated log, and one thread alone commits (lib/replica). Fixed after opening.
 */
export const H_REPLICA = 213
/** No log; a version can be read once it is durable; it can be read at once: synced now and then, or not. */
export const SYNC_NONE = 0
export const SYNC_COMMIT = 1
export const SYNC_INTERVAL = 2
export const SYNC_NEVER = 3

/** Page 1. */
export const ALLOCATOR_AT = PAGE
/** Page 2. */
export const LOG_AT = 2 * PAGE
export const LOG_INLINE = PAGE
// A log chunk: 0 the chunk before   1 number of its first entry   2 entries it has room for   3 … entries.
// An odd log entry is one more than the reference of an entry in pieces: its pieces have no log entries.
export const L_BEFORE = 0
export const L_FIRST = 1
export const L_ROOM = 2
export const L_ENTRIES = 3
/** Words of a log chunk; and the fewest it may have, where no block is as large. */
export const LOG_CHUNK = PAGE
export const LEAST_LOG_CHUNK = 8
export const THREADS_AT = 3 * PAGE

// ── Thread lines: written by their own thread, read racily by the writer's scan ─────────────────
//   0 thread id + 1 (0: free; with BURIED: the id of the thread that is cleaning up)
//   1 operation slot   2 pin slots ever used   3 first overflow block
//   4 spill slot: FROM(h), h the oldest version pinned for want of slots
//   5 what this handle holds the writer lock for (WRITING_…)   6 it waits for the lock   7 for a commit
//   8-9 proof that the thread lives (liveness.ts)
//   10-11 reads begun   12-13 times it waited for the lock   14-15 µs it waited   (low, high)
//   16 the oldest version on disk that this handle has pinned, by its low 31 bits: 2 v + 1 (0: none)
//   17 when it got the lock last, by H_TICKET: twice, plus 1 as long as the next turn is not to be given to it
//   18-20 how many submissions this handle has in each lane   21 the block with its part of the queue
//   22 … 63 pin slots (IDLE 0, or a record's reference)
// An overflow block, and one of the queue, stay with their line when the thread ends; the counters go on counting.
export const THREAD_WORDS = 64
export const T_ID = 0
export const T_SLOT = 1
export const T_PINS_USED = 2
export const T_OVERFLOW = 3
export const T_SPILL = 4
export const T_WRITING = 5
export const T_WAITING = 6
export const T_WATCHING = 7
export const T_TASK = 8
export const T_PROOF = 9
export const T_READS = 10
export const T_WAITS = 12
export const T_WAITED = 14
export const T_DEEP = 16
export const T_TICKET = 17
export const T_DEPTH = 18
export const T_QUEUE = 21
export const T_PINS = 22
export const T_PIN_COUNT = THREAD_WORDS - T_PINS
export const BURIED = 0x80000000
/** In no transaction; in a verb; in a verb that calls the user back; in a transaction the user holds open. */
export const WRITING_NOT = 0
export const WRITING_VERB = 1
export const WRITING_CALLBACK = 2
export const WRITING_OPEN = 3

// ── Tracks: any thread, by CAS on word 0 ────────────────────────────────────────────────────────
//   0 id + 1 of the thread that is tracked (0: free)   1 id + 1 of the one that tracks it
export const TRACK_WORDS = 2

/** An overflow block of pin slots: word 0 links to the next one, the rest are slots. */
export const OVERFLOW_WORDS = 512
/**
 * References are even, so an odd slot is FROM(h): the low 30 bits of `h` above two tag bits. FROM_ALL
 * stands for "any version".
 */
export const FROM_TAG = 1
export const FROM_ALL = 3
export const FROM_SHIFT = 2
/** Hints this far back cannot be told from older ones. */
export const HINT_REACH = 2 ** 29

// ── Version ring ────────────────────────────────────────────────────────────────────────────────
/** Versions in one ring segment (a page): version → directory[(v / 1024) % ringSize][v % 1024]. */
export const SEGMENT_BITS = 10
export const SEGMENT = 1 << SEGMENT_BITS

// ── Blocks that commits make: nodes, entries, and those below ────────────────────────────────────
// Each begins with its birth, the version that made it: word 0, and the lower half of word 1. So a list of
// retired ones need not tell it.
export const BIRTH = 0

// ── Snapshot record ─────────────────────────────────────────────────────────────────────────────
//   0 version low   1 time high 16 | version high 16   2 time low   3 prev
//   4 next (the record after this one, for the writer's walks)
//   5 timestamp of the next record, low (set just before that one is published)
//   6 its high 16 | R_TAGGED | number of inline items
//   7 words that this version and all earlier ones have replaced, modulo 2^32
//   8 groups of the write queue up to it, modulo 2^32   9 catalog
//   8 … 12 state of the unnamed store, in which 8 and 9 are the record's own
//   13 dead chunks   14 pending chunks
//   15 … inline items: blocks that only versions up to its predecessor can see
export const R_VERSION = 0
export const R_TIME = 2
export const R_PREV = 3
export const R_NEXT = 4
export const R_UNTIL = 5
export const R_FLAGS = 6
export const R_REPLACED = 7
export const R_GROUP = 8
export const R_STATE = 8
export const R_CATALOG = 9
export const R_DEAD = 13
export const R_PENDING = 14
export const R_ITEMS = 15
export const R_TAGGED = 0x20
export const INLINE_MASK = 0x1f
export const INLINE_MAX = 16

// ── State of a store: in the record (unnamed) or in a block of its own (named) ──────────────────
//   0-1 birth (named stores)   2 live root   3 its words   4 the rest
export const S_LIVE = 2
export const S_LIVE_WORDS = 3
export const S_REST = 4
export const STATE_WORDS = 5

// ── Rest of a state: what few commits change; states share it ───────────────────────────────────
//   0-1 birth   2 head of the point index (0: none)   3 graveyard root   4 older graveyard root
//   5 words of the graveyard   6 of the older one   7-8 version of the last clear
//   9-10 newest tombstone in the graveyard   11-12 in the older   13 not 0: the store is an index
export const SR_INDEX = 2
export const SR_GRAVE = 3
export const SR_GRAVE_OLD = 4
export const SR_GRAVE_WORDS = 5
export const SR_GRAVE_OLD_WORDS = 6
export const SR_CLEARED = 7
export const SR_GRAVE_NEWEST = 9
export const SR_GRAVE_OLD_NEWEST = 11
export const SR_IS_INDEX = 13
export const REST_WORDS = 14
/** The rest of a store that never had anything of it: words of the header that are always 0. */
export const NO_REST = 992

// ── Catalog: store id → state block; a radix tree with CATALOG_FAN children a node ──────────────
//   0-1 birth   2 level   3 id of the next store (in the root)   4 … children (nodes, or state blocks at level 0)
export const C_LEVEL = 2
export const C_NEXT_STORE = 3
export const C_KIDS = 4
export const CATALOG_BITS = 4
export const CATALOG_FAN = 1 << CATALOG_BITS
export const CATALOG_WORDS = C_KIDS + CATALOG_FAN

// ── Entry: immutable ────────────────────────────────────────────────────────────────────────────
//   0 version low   1 flags 2 | key bytes 14 | version high 16   2 value bytes
//   3 … key words, big-endian   then value bytes in memory order, from a whole word on; or, in an entry
//   in pieces, the first piece
export const E_VERSION = 0
export const E_META = 1
export const E_LENGTH = 2
export const E_KEY = 3
/** The value is a string of ASCII characters only, which may be read word by word. */
export const E_ASCII = 0x80000000
/** The value lies in pieces, the first of them in the entry, behind the key. */
export const E_PIECES = 0x40000000
/** META of an entry in pieces whose value is ASCII is at least this. */
export const E_ASCII_PIECES = 0xc0000000

// ── Piece of a value: immutable, one with its entry (docs/decisions/0029) ───────────────────────
//   0 next piece (0: the last)   1 words of the value in this one   2 … those words
export const P_NEXT = 0
export const P_WORDS = 1
export const P_DATA = 2
/** Words of the smallest piece that is worth its link. */
export const LEAST_PIECE = 4

/**
 * Tag tree: a tag is two entries, 'n' + name and 'v' + version (8 bytes) + name; the value of both
 * is the record's reference.
 */
export const TAG_BY_NAME = 0x6e
export const TAG_BY_VERSION = 0x76

// ── Tree node (docs/decisions/0038) ─────────────────────────────────────────────────────────────
//   0 birth low   1 edition 16 | birth high 16   2 depth 17 | level 4 | capacity/8 4 | count 7
//   3 entries below this node   4-5 a bit for each slot that a unit may have changed
//   6 … heads[capacity]   refs[capacity]   and, above level 0, kids[capacity]
//   then the log: LEAF_UNITS units in a leaf, INNER_UNITS in an inner node, of two words each:
//   version - birth 24 | what 2 | slot 6, and a value
// depth: bits all keys below share. head i: the 32 bits from `depth` on of the key of ref i.
// ref i: leaf: the entry; inner: the smallest entry below kid i.
// A pointer to a node is its address, which is a multiple of NODE_ALIGN, plus the number of units that belong to it.
export const N_META = 2
export const N_ENTRIES = 3
/** Bits that only ever become more, whatever comes of a unit; all of them are set where a unit inserts. */
export const N_CHANGED = 4
export const N_HEADS = 6
export const NODE_ALIGN = 32
/** The units of a pointer. */
export const UNITS = NODE_ALIGN - 1
/** As many as make the sizes of nodes multiples of NODE_ALIGN. */
export const LEAF_UNITS = 13
export const INNER_UNITS = 29
/** What a unit says: its slot has another entry, or kid; an entry comes before it; so many are below. */
export const UNIT_SET = 0x00
export const UNIT_INSERT = 0x40
export const UNIT_ENTRIES = 0x80
export const UNIT_WHAT = 0xc0
export const UNIT_SLOT = 0x3f
export const UNIT_CODE = 0xff
export const UNIT_SHIFT = 8
/** A node that is so many versions old takes no more units. */
export const UNIT_REACH = 2 ** 24
export const N_MAX = 64
export const N_MIN = 16
/** Neighbours are merged when they then have this many or fewer. */
export const N_MERGED = 48
export const COUNT_MASK = 0x7f
export const CAPACITY_SHIFT = 7
export const CAPACITY_MASK = 0xf
export const LEVEL_SHIFT = 11
export const LEVEL_MASK = 0xf
export const DEPTH_SHIFT = 15

// ── Chunk: a piece of a list of retired blocks ──────────────────────────────────────────────────
//   0 next   1 items   2-3 base version   4 smallest birth code   5 largest   6 trees among them
//   7 items it has room for
//   8 … items: reference (of an entry in pieces plus 1: it stands for all pieces), then TREE_ITEM flag |
//   birth - base + CODE_BIAS (30 bits)
export const K_NEXT = 0
export const K_COUNT = 1
export const K_BASE = 2
export const K_MIN = 4
export const K_MAX = 5
export const K_TREES = 6
export const K_ROOM = 7
export const K_ITEMS = 8
export const CHUNK_WORDS = 256
export const CHUNK_ITEMS = (CHUNK_WORDS - K_ITEMS) / 2
/** The fewest words that a chunk may have, where no block is as large. */
export const LEAST_CHUNK = K_ITEMS + 4
export const TREE_ITEM = 0x80000000
export const CODE_MASK = 0x3fffffff
export const CODE_BIAS = 2 ** 29

assert(new Uint8Array(new Uint32Array([1]).buffer)[0] === 1, 'a little-endian machine')
assert(H_WALK_PATH + 2 * WALK_LEVELS <= H_SEARCH, 'the dead tree’s path has room')
assert(
  H_QUEUE_TIMES + TIME_BUCKETS <= PAGE && H_GROUP_SIZES + SIZE_BUCKETS <= H_QUEUE_TIMES,
  'the queue’s words fit',
)
assert(H_COMMIT_TIMES + TIME_BUCKETS <= H_CACHE_BYTES, 'histograms end before the cache’s fields')
assert(R_STATE + STATE_WORDS === R_DEAD, 'a record has room for a state')
assert(R_CATALOG < R_STATE + S_LIVE, 'the record’s own words lie at the state’s birth')
assert(
  INLINE_MAX <= INLINE_MASK && R_TAGGED > INLINE_MASK,
  'flags have room for the number of items',
)
assert(
  NO_REST >= H_QUEUE_TIMES + TIME_BUCKETS && NO_REST + REST_WORDS <= PAGE,
  'no rest has its words',
)
assert(N_MAX / 8 <= CAPACITY_MASK && N_MAX <= COUNT_MASK, 'a node header has room')
assert(LEAF_UNITS <= UNITS && INNER_UNITS <= UNITS && N_MAX - 1 <= UNIT_SLOT, 'units can be told')
assert(DEPTH_SHIFT + 17 === 32 && 16_380 * 8 < 2 ** 17, 'depth reaches the longest key')
assert(N_MIN * 2 <= N_MAX - 8, 'two small nodes merge with room to spare')
