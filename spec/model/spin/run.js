/**
 * Checks the Promela models of the shared-memory protocol with spin, and that each mutant fails.
 *
 *     node spec/model/spin/run.js [--deep] [--trail] [NAME...]
 *
 * A name selects the run of that name and the mutants of the file of that name. `--deep` adds the
 * runs that take minutes; `--trail` prints the steps that lead to an error. Without spin or a C
 * compiler nothing is checked, which is an error only if ZVERSE_MODEL is `required`.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * @typedef {object} Run
 * @property {string} file
 * @property {string[]} defs
 * @property {string} [name]
 * @property {string} [mutant]
 * @property {boolean} [live]
 * @property {boolean} [deep]
 */

/** The point index, each commit of which changes one key. */
const FEWER = ['NO_CLEAR', 'NO_PAIRS']

/** A full disk and one that fails, once each. */
const DISK = ['FAILS=1', 'FULLS=1']

/** A writer and a keeper, that only seals, drops and deletes. */
const ALONE = ['MERGES=0', 'NO_READER']

/** A group that cannot be committed, and versions that are staged. */
const FAILING = ['FAILS=1', 'STAGED', 'SLICES']

/** Runs that must find no error: name, file, definitions. */
/** @type {Run[]} */
const MODELS = [
  { name: 'reclaim', file: 'reclaim', defs: ['LAST=3'] },
  { name: 'reclaim-second-look', file: 'reclaim', defs: ['LAST=2', 'SECOND_LOOK'] },
  { name: 'reclaim-numbers', file: 'reclaim', defs: ['LAST=2', 'NUMBERS'] },
  { name: 'reclaim-small-ring', file: 'reclaim', defs: ['LAST=2', 'NUMBERS', 'RING=2'] },
  { name: 'reclaim-tags', file: 'reclaim', defs: ['LAST=2', 'TAGS'] },
  { name: 'recovery', file: 'recovery', defs: ['NO_TAGS', 'TURNS=5', 'DEATHS=2'] },
  { name: 'recovery-tags', file: 'recovery', defs: ['TURNS=3', 'DEATHS=2'] },
  { name: 'recovery-twice', file: 'recovery', defs: ['LAST=1', 'TURNS=4', 'DEATHS=2'] },
  { name: 'recovery-quarantine', file: 'recovery', defs: ['LAST=1', 'DEATHS=1', 'QUARANTINE'] },
  { name: 'lock', file: 'lock', defs: ['NO_SLICES', 'LEAVES=2'] },
  { name: 'lock-two', file: 'lock', defs: ['NO_SLICES', 'THREADS=2', 'ROUNDS=3', 'LEAVES=2'] },
  { name: 'lock-shy', file: 'lock', defs: ['NO_SLICES', 'SHY', 'LEAVES=1'] },
  { name: 'lock-heard', file: 'lock', defs: ['HEARD', 'DEATHS=2', 'JOINED'] },
  { name: 'lock-shy-heard', file: 'lock', defs: ['HEARD', 'SHY', 'DEATHS=1', 'JOINED'] },
  { name: 'lock-death', file: 'lock', defs: ['DEATHS=1', 'JOINED'] },
  { name: 'lock-heirs', file: 'lock', defs: ['THREADS=2', 'DEATHS=1', 'HEIRS'] },
  { name: 'lock-slow', file: 'lock', defs: ['SLOW=1', 'LEAVES=1', 'JOINED'] },
  {
    name: 'lock-live',
    file: 'lock',
    defs: ['LIVE', 'THREADS=2', 'DEATHS=1', 'ROUNDS=2'],
    live: true,
  },
  { name: 'lock-turns', file: 'lock', defs: ['LIVE', 'NO_SLICES', 'LOOPERS=2'], live: true },
  { name: 'units', file: 'units', defs: [] },
  { name: 'units-log', file: 'units', defs: ['READERS=1', 'LAST=5', 'LOG=3'] },
  { name: 'units-copies', file: 'units', defs: ['READERS=1', 'LAST=5'] },
  { name: 'lines', file: 'lines', defs: [] },
  { name: 'lines-under-lock', file: 'lines', defs: ['UNDER_LOCK'] },
  { name: 'index', file: 'index', defs: ['LAST=2'] },
  { name: 'index-directory', file: 'index', defs: ['LAST=2', 'DIRECTORY'] },
  { name: 'index-numbers', file: 'index', defs: ['LAST=2', 'NUMBERS'] },
  { name: 'index-no-table', file: 'index', defs: ['LAST=2', 'NO_TABLE'] },
  { name: 'index-two-readers', file: 'index', defs: ['LAST=1', 'READERS=2'] },
  { name: 'index-deaths', file: 'index', defs: ['LAST=1', 'DEATHS=2'] },
  { name: 'index-death', file: 'index', defs: ['LAST=2', 'DEATHS=1', ...FEWER, 'SAME_TAG'] },
  { name: 'tip', file: 'tip', defs: ['ROUNDS=3', 'DEATHS=1', 'STALLS=1'] },
  { name: 'tip-disk', file: 'tip', defs: [...DISK, 'TAGS=1', 'DEATHS=1', 'STALLS=2'] },
  { name: 'tip-tags', file: 'tip', defs: ['TAGS=2', 'DEATHS=2', 'FULLS=1'] },
  { name: 'tip-reclaim', file: 'tip', defs: ['RECLAIM', 'STALLS=1'] },
  { name: 'tip-live', file: 'tip', defs: ['LIVE', 'TAGS=1', 'DEATHS=1', 'STALLS=1'], live: true },
  { name: 'tip-three', file: 'tip', defs: ['THREADS=3', 'ROUNDS=1', 'DEATHS=1', 'STALLS=1'] },
  { name: 'rotation', file: 'rotation', defs: [] },
  { name: 'seal', file: 'seal', defs: ['LAST=3', 'MERGES=0'] },
  { name: 'seal-merges', file: 'seal', defs: [] },
  { name: 'seal-no-room', file: 'seal', defs: ['ROOM=0'] },
  { name: 'seal-tags', file: 'seal', defs: ['TAGS=3'] },
  { name: 'seal-death', file: 'seal', defs: ['DEATHS=1', 'MERGES=0'] },
  { name: 'seal-death-tags', file: 'seal', defs: ['DEATHS=1', 'TAGS=2', 'MERGES=0'] },
  { name: 'seal-fails', file: 'seal', defs: ['FAILS=1', 'MERGES=0'] },
  { name: 'seal-fails-twice', file: 'seal', defs: ['LAST=3', 'FAILS=2', ...ALONE] },
  { name: 'seal-gap', file: 'seal', defs: ['LAST=3', 'GAPS=1', 'TAGS=1', 'MERGES=0'] },
  { name: 'seal-ends', file: 'seal', defs: ['ENDS=1', 'TAGS=2', 'MERGES=0'] },
  { name: 'queue', file: 'queue', defs: ['UNITS=2'] },
  { name: 'queue-ring', file: 'queue', defs: ['UNITS=3', 'SIZE=1'] },
  { name: 'queue-death', file: 'queue', defs: ['UNITS=2', 'DEATHS=1', 'SLICES'] },
  {
    name: 'queue-deaths',
    file: 'queue',
    defs: ['DEATHS=2', 'PLAINS=1', 'NOOPS=1', 'STAGED', 'SLICES'],
  },
  { name: 'queue-heir', file: 'queue', defs: ['DEATHS=2', 'HEIRS=1', 'SLICES'] },
  { name: 'queue-closes', file: 'queue', defs: ['CLOSES=1', 'DEATHS=1', 'HEIRS=1', 'SLICES'] },
  { name: 'queue-fails', file: 'queue', defs: ['UNITS=2', 'SIZE=1', ...FAILING] },
  { name: 'queue-fails-death', file: 'queue', defs: ['DEATHS=1', 'HEIRS=1', ...FAILING] },
  { name: 'queue-fails-closes', file: 'queue', defs: ['CLOSES=1', 'HEIRS=1', ...FAILING] },
  { name: 'queue-drain', file: 'queue', defs: ['DRAIN', 'PLAINS=1', 'NOOPS=1'] },
  { name: 'queue-drain-death', file: 'queue', defs: ['DRAIN', 'ENDS', 'DEATHS=1', 'SLICES'] },
  { name: 'queue-live', file: 'queue', defs: ['LIVE', 'DEATHS=2', 'SLICES'], live: true },
  {
    name: 'queue-live-fails',
    file: 'queue',
    defs: ['LIVE', 'CLOSES=1', 'FAILS=1', 'SLICES'],
    live: true,
  },
  {
    name: 'lock-live-three',
    file: 'lock',
    defs: ['LIVE', 'DEATHS=1', 'JOINED', 'NO_TRACKER'],
    live: true,
    deep: true,
  },
  {
    name: 'lock-heirs-two',
    file: 'lock',
    defs: ['THREADS=2', 'DEATHS=2', 'JOINED', 'HEIRS', 'NO_SHIES'],
    deep: true,
  },
  { name: 'reclaim-deep', file: 'reclaim', defs: ['LAST=3', 'SECOND_LOOK'], deep: true },
  { name: 'recovery-deep', file: 'recovery', defs: ['TURNS=4', 'DEATHS=2'], deep: true },
  { name: 'index-three', file: 'index', defs: ['LAST=3', ...FEWER], deep: true },
  { name: 'index-same-tag', file: 'index', defs: ['LAST=2', 'SAME_TAG'], deep: true },
  { name: 'index-tags-first', file: 'index', defs: ['LAST=2', 'TAGS_FIRST'], deep: true },
  {
    name: 'index-deaths-directory',
    file: 'index',
    defs: ['LAST=1', 'DEATHS=2', 'DIRECTORY', 'SAME_TAG'],
    deep: true,
  },
  {
    name: 'index-deep',
    file: 'index',
    defs: ['LAST=2', 'DEATHS=1', 'SAME_TAG', 'ENTRIES=3', 'NO_PAIRS'],
    deep: true,
  },
  {
    name: 'tip-three-disk',
    file: 'tip',
    defs: ['THREADS=3', 'ROUNDS=1', 'FAILS=1', 'TAGS=1', 'DEATHS=1', 'STALLS=1'],
    deep: true,
  },
  {
    name: 'tip-tags-disk',
    file: 'tip',
    defs: [...DISK, 'TAGS=2', 'DEATHS=2', 'STALLS=1'],
    deep: true,
  },
  { name: 'tip-reclaim-three', file: 'tip', defs: ['RECLAIM', 'ROUNDS=3'], deep: true },
  { name: 'tip-reclaim-death', file: 'tip', defs: ['RECLAIM', 'DEATHS=1', 'STALLS=1'], deep: true },
  { name: 'rotation-kinds', file: 'rotation', defs: ['KINDS=3'], deep: true },
  { name: 'rotation-deep', file: 'rotation', defs: ['ATTEMPTS=4'], deep: true },
  { name: 'seal-deep', file: 'seal', defs: ['LAST=3'], deep: true },
  { name: 'seal-death-merges', file: 'seal', defs: ['DEATHS=1'], deep: true },
  {
    name: 'seal-fails-death',
    file: 'seal',
    defs: ['FAILS=1', 'DEATHS=1', 'MERGES=0'],
    deep: true,
  },
  { name: 'seal-ends-death', file: 'seal', defs: ['ENDS=1', 'DEATHS=1', 'MERGES=0'], deep: true },
  { name: 'queue-heirs', file: 'queue', defs: ['DEATHS=2', 'HEIRS=2', 'SLICES'], deep: true },
  {
    name: 'queue-closes-two',
    file: 'queue',
    defs: ['CLOSES=2', 'HEIRS=1', ...FAILING],
    deep: true,
  },
  { name: 'queue-fails-two', file: 'queue', defs: ['UNITS=2', ...FAILING], deep: true },
]

/** Mistakes, each of which must be found: file, name, definitions beside it. */
/** @type {Run[]} */
const MUTANTS = [
  { file: 'reclaim', mutant: 'PUBLISH_EARLY', defs: [] },
  { file: 'reclaim', mutant: 'PUBLISHED_FIRST', defs: [] },
  { file: 'reclaim', mutant: 'SCAN_FIRST', defs: ['LAST=2', 'NUMBERS'] },
  { file: 'reclaim', mutant: 'PINS_FIRST', defs: [] },
  { file: 'reclaim', mutant: 'PIN_MOVED', defs: [] },
  { file: 'reclaim', mutant: 'HINT_LATE', defs: [] },
  { file: 'reclaim', mutant: 'FUTURE_HINT', defs: ['LAST=2', 'NUMBERS'] },
  { file: 'reclaim', mutant: 'RING_TRUSTED', defs: ['LAST=2', 'NUMBERS', 'RING=2'] },
  { file: 'reclaim', mutant: 'UNPIN_EARLY', defs: [] },
  { file: 'reclaim', mutant: 'BIRTHS_IGNORED', defs: [] },
  { file: 'reclaim', mutant: 'ALL_IS_ZERO', defs: ['LAST=1', 'TAGS'] },
  { file: 'recovery', mutant: 'UNLINK_LATE', defs: ['NO_TAGS'] },
  { file: 'recovery', mutant: 'GLOBAL_DEAD_LIST', defs: ['NO_TAGS'] },
  { file: 'recovery', mutant: 'CURRENT_ONLY', defs: ['NO_TAGS'] },
  { file: 'recovery', mutant: 'UNDO_ALWAYS', defs: ['NO_TAGS'] },
  { file: 'recovery', mutant: 'NO_PHASE', defs: ['NO_TAGS'] },
  { file: 'recovery', mutant: 'REUSE_AT_ONCE', defs: ['LAST=1', 'DEATHS=1'] },
  { file: 'recovery', mutant: 'LIMBO_LATE', defs: ['LAST=1', 'DEATHS=1'] },
  { file: 'lock', mutant: 'COUNT_LATE', defs: ['NO_SLICES'] },
  { file: 'lock', mutant: 'FLAG_FIRST', defs: ['NO_SLICES'] },
  { file: 'lock', mutant: 'WORD_LATE', defs: ['NO_SLICES'] },
  { file: 'lock', mutant: 'PRESENT_SLEEPS', defs: ['NO_SLICES'] },
  { file: 'lock', mutant: 'TURN_FIRST', defs: ['NO_SLICES', 'THREADS=2', 'ROUNDS=2', 'LEAVES=1'] },
  { file: 'lock', mutant: 'UNCHECKED', defs: ['NO_SLICES'] },
  { file: 'lock', mutant: 'TURN_KEPT', defs: ['NO_SLICES'] },
  { file: 'lock', mutant: 'LEFT_SILENTLY', defs: ['NO_SLICES', 'LEAVES=1'] },
  { file: 'lock', mutant: 'BURIED_SILENTLY', defs: ['HEARD', 'DEATHS=1', 'JOINED'] },
  { file: 'lock', mutant: 'GIVEN_FIRST', defs: ['HEARD', 'DEATHS=1', 'JOINED'] },
  { file: 'lock', mutant: 'NO_SLICES', defs: ['DEATHS=1', 'JOINED'] },
  {
    file: 'lock',
    mutant: 'NO_TAKEOVER',
    defs: ['LIVE', 'DEATHS=1', 'JOINED', 'NO_TRACKER'],
    live: true,
  },
  { file: 'lock', mutant: 'NO_TENURE', defs: ['LIVE', 'NO_SLICES', 'LOOPERS=1'], live: true },
  { file: 'lock', mutant: 'ANY_WAITER', defs: ['LIVE', 'NO_SLICES', 'LOOPERS=2'], live: true },
  { file: 'lock', mutant: 'LINE_NUMBER', defs: ['THREADS=2', 'DEATHS=2', 'HEIRS'] },
  { file: 'lines', mutant: 'BURY_UNCLAIMED', defs: [] },
  { file: 'lines', mutant: 'MARK_STORED', defs: ['THREADS=3'] },
  { file: 'index', mutant: 'INDEX_LATE', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'ABSENT_LATE', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'ABSENT_AT_PUBLISH', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'ABSENT_BEFORE_PROBE', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'ABSENT_NEEDS_TABLE', defs: ['LAST=2', 'NO_TABLE', 'BY_READERS'] },
  { file: 'index', mutant: 'CLEAR_ABSENT_LATE', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'TAGS_PLAIN', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'BIRTH_IGNORED', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'SNAPSHOT_LATE', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'PIN_ONLY', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'HINT_LATE', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'NO_LEVEL', defs: ['LAST=2', 'BY_READERS'] },
  { file: 'index', mutant: 'COPY_FORGETS', defs: ['LAST=2', 'BY_READERS'] },
  {
    file: 'index',
    mutant: 'SLOT_MOVED',
    defs: ['LAST=3', ...FEWER, 'SAME_TAG', 'TABLES=2', 'ENTRIES=3', 'BY_READERS'],
  },
  { file: 'index', mutant: 'TABLE_AT_ONCE', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'LIMBO_EARLIER', defs: ['LAST=1', 'BY_READERS'] },
  { file: 'index', mutant: 'LIMBO_LATE', defs: ['LAST=1', 'DEATHS=1', 'BY_READERS'] },
  { file: 'index', mutant: 'GROW_REBUILDS', defs: ['LAST=1', 'DEATHS=1', 'BY_READERS'] },
  { file: 'index', mutant: 'KEEP_DIRECTORY', defs: ['LAST=1', 'DEATHS=1', 'BY_READERS'] },
  { file: 'index', mutant: 'FREE_UNPUBLISHED', defs: ['LAST=1', 'DEATHS=1', 'BY_READERS'] },
  { file: 'index', mutant: 'QUARANTINE_CURRENT', defs: ['LAST=1', 'DEATHS=1', 'BY_READERS'] },
  { file: 'index', mutant: 'ZERO_FIRST', defs: ['LAST=1', 'DEATHS=2', 'BY_READERS'] },
  { file: 'tip', mutant: 'CURRENT_EARLY', defs: [] },
  { file: 'tip', mutant: 'EXPOSED', defs: [] },
  { file: 'tip', mutant: 'TIP_LATE', defs: [] },
  { file: 'tip', mutant: 'TIP_FIRST', defs: ['DEATHS=1'] },
  { file: 'tip', mutant: 'END_FIRST', defs: ['DEATHS=1'] },
  { file: 'tip', mutant: 'SAME_SLOT', defs: ['DEATHS=1'] },
  { file: 'tip', mutant: 'CONFLICT_EARLY', defs: [] },
  { file: 'tip', mutant: 'DEAD_STAYS', defs: ['DEATHS=1'] },
  { file: 'tip', mutant: 'STORED', defs: ['STALLS=1'] },
  { file: 'tip', mutant: 'CAS_IGNORED', defs: ['STALLS=1'] },
  { file: 'tip', mutant: 'NO_HINT', defs: ['RECLAIM', 'STALLS=1'] },
  { file: 'tip', mutant: 'PUBLISHED_FIRST', defs: ['RECLAIM'] },
  { file: 'tip', mutant: 'RECLAIM_TIP', defs: ['RECLAIM'] },
  { file: 'tip', mutant: 'RETRY', defs: ['FAILS=1'] },
  { file: 'tip', mutant: 'FAILED_UNSEEN', defs: ['FAILS=1'] },
  { file: 'tip', mutant: 'UNCHECKED', defs: ['FAILS=1', 'STALLS=1'] },
  { file: 'tip', mutant: 'GIVE_STORED', defs: ['FAILS=1', 'STALLS=1'] },
  { file: 'tip', mutant: 'TIP_BACK', defs: ['THREADS=3', 'ROUNDS=1', 'FAILS=1'] },
  { file: 'tip', mutant: 'DEATH_UNHEARD', defs: ['FAILS=1', 'DEATHS=1'] },
  { file: 'tip', mutant: 'TAG_ALONE', defs: ['TAGS=1', 'FAILS=1'] },
  { file: 'tip', mutant: 'NO_INTENT', defs: ['TAGS=1', 'DEATHS=1'] },
  { file: 'tip', mutant: 'INTENT_KEPT', defs: ['TAGS=1', 'DEATHS=2'] },
  { file: 'tip', mutant: 'INTENT_ROOT_FIRST', defs: ['TAGS=1', 'DEATHS=1'] },
  { file: 'rotation', mutant: 'BEGUN_IGNORED', defs: [] },
  { file: 'rotation', mutant: 'BEGUN_LATE', defs: [] },
  { file: 'rotation', mutant: 'BEGUN_CLEARED', defs: [] },
  { file: 'rotation', mutant: 'BEGUN_STALE', defs: [] },
  { file: 'rotation', mutant: 'UNSYNCED', defs: [] },
  { file: 'rotation', mutant: 'KEEP_BEHIND', defs: [] },
  { file: 'rotation', mutant: 'UNLINKED', defs: ['ATTEMPTS=4'] },
  { file: 'rotation', mutant: 'SEGMENT_FIRST', defs: [] },
  { file: 'seal', mutant: 'BEYOND_DURABLE', defs: [] },
  { file: 'seal', mutant: 'MANIFEST_FIRST', defs: [] },
  { file: 'seal', mutant: 'UNSYNCED', defs: [] },
  { file: 'seal', mutant: 'LET_GO_EARLY', defs: [] },
  { file: 'seal', mutant: 'CHANGE_LATE', defs: [] },
  { file: 'seal', mutant: 'CHANGE_NEVER', defs: [] },
  { file: 'seal', mutant: 'ADVANCE_STORED', defs: ['LAST=4', 'GAPS=1', ...ALONE] },
  { file: 'seal', mutant: 'ONCE_ONLY', defs: ['FAILS=1'] },
  { file: 'seal', mutant: 'FROM_IGNORED', defs: ['LAST=3', 'FAILS=2', ...ALONE] },
  { file: 'seal', mutant: 'NO_ROLE', defs: [] },
  { file: 'seal', mutant: 'ROLE_KEPT', defs: ['DEATHS=1'] },
  { file: 'seal', mutant: 'CUT_OFF', defs: [] },
  { file: 'seal', mutant: 'STATE_IS_DONE', defs: [] },
  { file: 'seal', mutant: 'ONE_TRY', defs: ['LAST=3', 'DEATHS=1', ...ALONE] },
  { file: 'seal', mutant: 'FLOOR_LOWERED', defs: ['FAILS=1', ...ALONE] },
  { file: 'seal', mutant: 'ANEW_BESIDE', defs: ['LAST=3', 'FAILS=1', ...ALONE] },
  { file: 'seal', mutant: 'OLDEST_FIRST', defs: ['GAPS=1'] },
  { file: 'seal', mutant: 'FLOOR_LATE', defs: [] },
  { file: 'seal', mutant: 'PINS_FIRST', defs: ['TAGS=2'] },
  { file: 'seal', mutant: 'TAGS_FIRST', defs: ['TAGS=1'] },
  { file: 'seal', mutant: 'TAGS_IGNORED', defs: ['TAGS=1'] },
  { file: 'seal', mutant: 'UNFLUSHED', defs: ['TAGS=2'] },
  { file: 'seal', mutant: 'REPLACE_BLIND', defs: [] },
  { file: 'seal', mutant: 'FLOOR_UNNAMED', defs: [] },
  { file: 'seal', mutant: 'DELETE_EARLY', defs: [] },
  { file: 'seal', mutant: 'SAME_UNSYNCED', defs: ['DEATHS=1'] },
  { file: 'seal', mutant: 'ORPHANS', defs: ['DEATHS=1'] },
  { file: 'seal', mutant: 'END_PINS_FIRST', defs: ['ENDS=1'] },
  { file: 'seal', mutant: 'END_LATE', defs: ['ENDS=1'] },
  { file: 'seal', mutant: 'END_UNFLUSHED', defs: ['ENDS=1', 'TAGS=2'] },
  { file: 'seal', mutant: 'PIN_LATE', defs: [] },
  { file: 'seal', mutant: 'LIST_FIRST', defs: [] },
  { file: 'seal', mutant: 'STATE_LATE', defs: [] },
  { file: 'seal', mutant: 'NO_RETRY', defs: [] },
  { file: 'seal', mutant: 'ANEW_UNSEEN', defs: ['LAST=3', 'GAPS=1', 'TAGS=1', 'MERGES=0'] },
  { file: 'seal', mutant: 'CHECKED_BEFORE', defs: [] },
  { file: 'queue', mutant: 'HEAD_FIRST', defs: [] },
  { file: 'queue', mutant: 'ROOM_EARLY', defs: ['UNITS=2', 'SIZE=1'] },
  { file: 'queue', mutant: 'UNNOTED', defs: ['DEATHS=1', 'SLICES'] },
  { file: 'queue', mutant: 'TAKEN_FIRST', defs: ['DEATHS=1', 'SLICES'] },
  { file: 'queue', mutant: 'OUTCOME_LATE', defs: ['DEATHS=1', 'SLICES'] },
  { file: 'queue', mutant: 'GROUP_FORGOTTEN', defs: ['DEATHS=1', 'PLAINS=1', 'SLICES'] },
  { file: 'queue', mutant: 'OWN_SETTLED', defs: ['CLOSES=1', 'FAILS=1', 'SLICES'] },
  { file: 'queue', mutant: 'DONE_EARLY', defs: [] },
  { file: 'queue', mutant: 'DONE_STORED', defs: ['UNITS=2', 'FAILS=1', 'SLICES'] },
  { file: 'queue', mutant: 'READ_UNSETTLED', defs: ['CLOSES=1', 'STAGED', 'SLICES'] },
  { file: 'queue', mutant: 'FAILED_TAKES_ALL', defs: ['FAILS=1', 'SLICES'] },
  { file: 'queue', mutant: 'FAILED_UNSETTLED', defs: ['DEATHS=1', 'FAILS=1', 'SLICES'] },
  { file: 'queue', mutant: 'FAILED_TOLD', defs: FAILING },
  { file: 'queue', mutant: 'WITHDRAWN_BACK', defs: ['CLOSES=1', 'FAILS=1', 'SLICES'] },
  { file: 'queue', mutant: 'WITHDRAWN_UNSETTLED', defs: ['CLOSES=1', 'DEATHS=1', 'SLICES'] },
  { file: 'queue', mutant: 'GONE_KEPT', defs: ['DEATHS=1', 'HEIRS=1', 'SLICES'] },
  { file: 'queue', mutant: 'GONE_FIRST', defs: ['DEATHS=1', 'HEIRS=1', 'SLICES'] },
  { file: 'queue', mutant: 'POSITIONS_BACK', defs: ['CLOSES=1', 'HEIRS=1', 'SLICES'] },
  { file: 'queue', mutant: 'WORD_LATE', defs: [] },
  { file: 'queue', mutant: 'ASLEEP_LATE', defs: [] },
  { file: 'queue', mutant: 'TOLD_FIRST', defs: [] },
  { file: 'queue', mutant: 'GIVEN_LATE', defs: [] },
  { file: 'queue', mutant: 'WORK_UNSEEN', defs: [] },
  { file: 'queue', mutant: 'WORK_LEFT', defs: ['UNITS=2'] },
  { file: 'queue', mutant: 'IDLE_LATE', defs: ['DRAIN'] },
  { file: 'queue', mutant: 'UNCALLED', defs: ['DRAIN'] },
  { file: 'queue', mutant: 'NO_SLICES', defs: ['DRAIN', 'ENDS', 'SLICES'] },
  ...['BASE_FIRST', 'NO_COUNT', 'PUBLISH_FIRST', 'BEHIND', 'NO_BIT', 'OVERWRITE', 'CLEAR_BITS'].map(
    mutant => ({ file: 'units', mutant, defs: [] }),
  ),
]

/** Longest path that is followed, and megabytes that a search may take. */
const DEPTH = 200_000
const MEGABYTES = 4000
const UNFINISHED = /max search depth too small|out of memory|MEMLIM bound|Search not completed/

const args = process.argv.slice(2)
const names = args.filter(arg => !arg.startsWith('--'))
const deep = args.includes('--deep')
const trail = args.includes('--trail')

/**
 * @param {string} command
 * @param {string[]} argument
 */
function works(command, ...argument) {
  return spawnSync(command, argument, { stdio: 'ignore' }).status === 0
}

const compiler = ['gcc', 'cc'].find(command => works(command, '--version'))
if (compiler === undefined || !works('spin', '-V')) {
  console.log('The models need spin and a C compiler. Debian: apt-get install spin gcc')
  console.log('model: skipped, spin is not installed')
  process.exit(process.env.ZVERSE_MODEL === 'required' ? 1 : 0)
}

/**
 * @param {string} command
 * @param {string[]} argument
 */
function must(command, argument) {
  const { status, stdout, stderr, error } = spawnSync(command, argument, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command} ${argument.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

/**
 * Checks one model: returns states, errors, whether the search was complete, and the problem in pan's words.
 * @param {Run} run
 */
function search({ file, defs, live = false, mutant }) {
  const source = `${file}.pml`
  const given = [...defs, ...(mutant === undefined ? [] : [`MUTANT_${mutant}`])].map(d => `-D${d}`)
  copyFileSync(new URL(source, import.meta.url), join(folder, source))
  const preprocessor = compiler === 'gcc' ? [] : [`-P${compiler} -E -x c`]
  must('spin', [...preprocessor, '-a', ...given, source])
  const kind = live ? '-DNFAIR=3' : '-DSAFETY'
  // A mutant is found in a moment: compiling takes most of the time.
  const effort = mutant === undefined ? '-O2' : '-O1'
  must(/** @type {string} */ (compiler), [
    ...[effort, '-w', kind, '-DCOLLAPSE', `-DMEMLIM=${MEGABYTES}`],
    ...['-o', 'pan', 'pan.c'],
  ])
  const text = must('./pan', [
    `-m${DEPTH}`,
    mutant === undefined ? '-w25' : '-w22',
    ...(live ? ['-a', '-f'] : []),
  ])
  const errors = Number(/errors: (\d+)/.exec(text)?.[1] ?? Number.NaN)
  if (errors > 0 && trail) {
    console.log(must('spin', ['-k', `${source}.trail`, '-t', '-p', ...given, source]))
  }
  return {
    errors,
    states: Math.round(Number(/([\d.e+]+) states, stored/.exec(text)?.[1])),
    complete: !UNFINISHED.test(text),
    wrong: /^pan:\d*:?(?! *resizing) *(.*?)(?: \(at depth \d+\))?$/m.exec(text)?.[1] ?? '',
  }
}

const wanted = [
  ...MODELS.filter(
    ({ name, deep: long }) => names.includes(name ?? '') || (!names[0] && (deep || !long)),
  ),
  ...MUTANTS.filter(({ file, mutant }) => {
    return !names[0] || names.includes(file) || names.includes(mutant ?? '')
  }),
]
if (wanted.length === 0) {
  console.log(`no run is called ${names.join(' or ')}`)
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'zverse-model-'))
let failed = 0
const begin = Date.now()
try {
  for (const run of wanted) {
    const since = Date.now()
    const { errors, states, complete, wrong } = search(run)
    const ok = run.mutant === undefined ? errors === 0 && complete : errors > 0
    if (!ok) failed++
    const name = (run.name ?? `${run.file}: ${run.mutant}`).padEnd(28)
    const seconds = ((Date.now() - since) / 1000).toFixed(1)
    let note = ''
    if (errors > 0) note = `  ${wrong}`
    else if (run.mutant !== undefined) note = '  the mistake is not found'
    else if (!complete) note = '  the search was not completed'
    const figures = `${String(states).padStart(9)} states ${seconds.padStart(6)} s`
    console.log(`${name} ${figures}  ${ok ? 'ok    ' : 'FAILED'}${note}`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
const seconds = Math.round((Date.now() - begin) / 1000)
console.log(`model: ${wanted.length} runs, ${failed} failed, ${seconds} s`)
process.exitCode = failed > 0 ? 1 : 0
