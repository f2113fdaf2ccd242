/**
 * Opens a database that a replicated log is the truth of: makes the log where there is none, begins with its newest
 * snapshot, and goes on with the records behind that.
 */
import { randomBytes } from 'node:crypto'
import type { Engine } from '../engine/engine.js'
import { ZVerseError } from '../errors.js'
import { tipOf } from '../memory/atomic.js'
import { R_CATALOG, WRITING_CALLBACK } from '../memory/layout.js'
import { type Bounds, checkNames, invalidOption } from '../options.js'
import { inCallback } from '../threads/running.js'
import { nextStoreIn } from '../tree/catalog.js'
import { commitVersion } from '../write/commit.js'
import { apply } from '../write/replay.js'
import { inTurn } from '../write/transaction.js'
import { Applied, type RecordClock } from './applied.js'
import { Deferral } from './deferral.js'
import { Ending } from './ending.js'
import { LogConflict, LogTrimmed, LogUnavailable, type ReplicatedLog } from './log.js'
import { ReplicaNode } from './node.js'
import { BEGIN, checkOf, type Decoded, decode, encode, jsonIn, VERSION, wordsOf } from './record.js'
import { type Beginning, contentOf, type Taken, take } from './snapshot.js'
import { Snapshots } from './snapshots.js'
import { Turns } from './turns.js'

/** What `replicate` takes beside the options of `open`. */
export interface ReplicaOptions {
  /**
   * Where the versions come from: `jetstream(…)` of `zverse/nats`, `fileLog(…)` or `memoryLog()` of `zverse/log`.
   */
  log: ReplicatedLog
  /** How this node names itself, for `replica` and the log. Default: a random name. */
  node?: string | undefined
  /**
   * ms that a change waits for the log before `ZVERSE_UNAVAILABLE`, and `replicate` to reach it. Default 30 000.
   */
  timeout?: number | undefined
  /** When a snapshot is written, and the log is trimmed behind it. */
  snapshot?:
    | {
        /** Bytes of the log after which one node writes a snapshot. Default 64 MiB. */
        bytes?: number | undefined
        /**
         * ms for which records that a snapshot has are kept all the same, for nodes that are slow. Default 600 000.
         */
        keep?: number | undefined
      }
    | undefined
}

const LONGEST = 2 ** 31 - 1
const VERBS = [
  'announce',
  'append',
  'close',
  'ends',
  'getSnapshot',
  'open',
  'putSnapshot',
  'read',
  'trim',
]

/** Checked options, with their defaults. */
export interface ReplicaSettings {
  readonly log: ReplicatedLog
  readonly node: string
  readonly timeout: number
  readonly snapshotBytes: number
  readonly keep: number
}

/** Splits the options of `replicate`: its own, checked, and those of `open`. */
export function replicaSettings(options: unknown): [ReplicaSettings, Record<string, unknown>] {
  if (typeof options !== 'object' || options === null) {
    throw invalidOption('log', 'is missing: give a replicated log')
  }
  const { log, node, timeout, snapshot, ...others } = options as Record<string, unknown>
  const isLog = (one: unknown): one is ReplicatedLog =>
    typeof one === 'object' &&
    one !== null &&
    VERBS.every(verb => typeof (one as Record<string, unknown>)[verb] === 'function')
  if (!isLog(log)) {
    throw invalidOption('log', 'must be a replicated log, as jetstream(…) of zverse/nats makes one')
  }
  if (node !== undefined && (typeof node !== 'string' || !/^[\w.-]{1,64}$/.test(node))) {
    throw invalidOption('node', 'must be 1 to 64 letters, digits, dots, dashes or underscores')
  }
  const { bytes, keep } = checkNames(snapshot, ['bytes', 'keep'], 'snapshot')
  return [
    {
      log,
      node: node ?? randomBytes(6).toString('hex'),
      timeout: whole(timeout, 'timeout', 1, 30_000),
      snapshotBytes: whole(bytes, 'snapshot.bytes', 2 ** 10, 2 ** 26),
      keep: whole(keep, 'snapshot.keep', 0, 600_000),
    },
    others,
  ]
}

function whole(given: unknown, option: string, least: number, usual: number): number {
  if (given === undefined) return usual
  const isWhole =
    Number.isInteger(given) && (given as number) >= least && (given as number) <= LONGEST
  if (!isWhole) throw invalidOption(option, `must be an integer from ${least} to ${LONGEST}`)
  return given as number
}

/** Names of the codecs, and bounds, of the one who opens. */
export interface Asked {
  readonly keys: string
  readonly values: string
  readonly history: Bounds
  /** It has a directory of its own, which may have some of it. */
  readonly isPersistent: boolean
}

/** Where a log begins, for this node. */
interface Start {
  readonly beginning: Beginning
  readonly version: number
  readonly time: number
  readonly sequence: number
  readonly check: number
  into(engine: Engine): void
}

/**
 * Makes an engine of a version and time, which may write until it is told otherwise.
 * @param isSource of one that is read and closed, without the directory
 */
export type MakeEngine = (
  version: number,
  time: number,
  history: Bounds,
  isSource?: boolean,
) => Engine

/**
 * Joins a log, and returns once this node has all that the log had at that time.
 * @param clock of the engines that `make` makes
 * @throws ZVerseError `ZVERSE_UNAVAILABLE`, `ZVERSE_CORRUPT`, `ZVERSE_FULL`; `ZVERSE_INVALID_OPTION` for other codecs
 */
export async function join(
  settings: ReplicaSettings,
  asked: Asked,
  clock: RecordClock,
  make: MakeEngine,
): Promise<ReplicaNode> {
  const { log } = settings
  try {
    await log.open()
    const start = await startOf(settings, asked)
    check(asked, start.beginning)
    const { beginning } = start
    const [version, time] = asked.isPersistent ? [0, beginning.time] : [start.version, start.time]
    const engine = make(version, time, boundsOf(beginning))
    try {
      const own = asked.isPersistent ? await placeOf(log, engine, start) : start
      return await joined(settings, own, clock, engine, make)
    } catch (error) {
      engine.close(true)
      throw error
    }
  } catch (error) {
    await log.close()
    throw reached(error)
  }
}

/** An error of the log, as users of a database know them. */
function reached(error: unknown): unknown {
  if (error instanceof ZVerseError || !(error instanceof LogUnavailable)) return error
  const message = `the replicated log cannot be reached: ${error.message}`
  return new ZVerseError('ZVERSE_UNAVAILABLE', message, { outcome: 'none', cause: error })
}

async function joined(
  settings: ReplicaSettings,
  start: Start,
  clock: RecordClock,
  engine: Engine,
  make: MakeEngine,
): Promise<ReplicaNode> {
  const { log } = settings
  start.into(engine)
  engine.isReplicating = false
  const deferral = new Deferral(engine.log)
  engine.log = deferral
  const applied = new Applied(engine, clock, new Turns(settings.node), start.sequence, start.check)
  const node = new ReplicaNode(engine, log, deferral, applied, settings)
  engine.replicator = node
  node.rejoin = async () => {
    const snapshot = await log.getSnapshot()
    if (snapshot === undefined) throw new LogTrimmed('the log was trimmed, and has no snapshot')
    replace(engine, await take(snapshot), applied, clock, make)
  }
  new Snapshots(engine, log, node, applied, start.beginning, settings)
  const { last } = await log.ends()
  if (start.sequence === 0) await node.rejoin()
  node.begin()
  try {
    await node.caughtUp(last)
  } catch (error) {
    await node.close(true)
    throw error
  }
  return node
}

/**
 * Where a database that a directory had goes on in the log: behind the record that made its newest version. Where that was
 * trimmed, it goes on from nowhere, and joins anew.
 */
async function placeOf(log: ReplicatedLog, engine: Engine, start: Start): Promise<Start> {
  const { newest } = engine.epochs.versions
  if (newest === start.version && start.sequence === 1) return start
  const { beginning } = start
  const none = { beginning, version: newest, time: 0, sequence: 0, check: 0, into: () => {} }
  let { first, last } = await log.ends()
  // Versions rise with the records: the first one of this version, or a later one.
  while (first < last) {
    const middle = Math.floor((first + last) / 2)
    const record = await recordAt(log, middle)
    if (record === undefined) return none
    if (record.version < newest) first = middle + 1
    else last = middle
  }
  const record = first > 0 && first === last ? await recordAt(log, first) : undefined
  if (record === undefined || record.version > newest) return none
  const { kind, version, stamp } = record
  const isOurs = kind === VERSION && version === newest
  if (isOurs && stamp.time === engine.epochs.versions.time(newest)) {
    return { ...none, sequence: first, check: record.check }
  }
  if (kind !== VERSION && version === newest) return none
  const message = `version ${newest} of the directory is not the one that the replicated log has`
  throw new ZVerseError('ZVERSE_CORRUPT', `${message}: it is of another log. Give it another path`)
}

async function recordAt(log: ReplicatedLog, sequence: number): Promise<Decoded | undefined> {
  const ended = new Ending()
  try {
    for await (const { bytes } of log.read(sequence, ended)) return decode(bytes)
  } catch (error) {
    if (!(error instanceof LogTrimmed)) throw error
  } finally {
    ended.abort()
  }
  return undefined
}

function check(asked: Asked, beginning: Beginning): void {
  for (const kind of ['keys', 'values'] as const) {
    if (asked[kind] === beginning[kind]) continue
    throw invalidOption(kind, `must be ${beginning[kind]}: the log was begun with it`)
  }
}

async function startOf(settings: ReplicaSettings, asked: Asked): Promise<Start> {
  const { log } = settings
  for (;;) {
    const { first, last } = await log.ends()
    if (last === 0) await begin(settings, asked)
    const snapshot = await log.getSnapshot()
    if (snapshot !== undefined && snapshot.sequence + 1 >= first) {
      const taken = await take(snapshot)
      return { ...taken, version: taken.first }
    }
    if (last === 0 || first === 1) {
      const start = await firstOf(log)
      if (start !== undefined) return start
    } else if (snapshot === undefined) {
      const message = `the replicated log begins with record ${first}, and has no snapshot`
      throw new ZVerseError('ZVERSE_CORRUPT', `${message}: it is of no database, or was damaged`)
    }
    // It was trimmed meanwhile: there is a newer snapshot.
  }
}

/** Appends the first record, unless another node is first. */
async function begin({ log, node, timeout }: ReplicaSettings, asked: Asked): Promise<void> {
  const { keys, values, history } = asked
  const finite = (bound: number) => (bound === Number.POSITIVE_INFINITY ? null : bound)
  const beginning: Beginning = {
    ...{ format: 1, keys, values, time: Date.now(), id: randomBytes(8).toString('hex') },
    history: {
      versions: finite(history.versions),
      ms: finite(history.ms),
      bytes: finite(history.bytes),
    },
  }
  const bytes = encode({ kind: BEGIN, version: 0, body: wordsOf(beginning) }, 0)
  try {
    await log.append(0, `${node}-begin-${beginning.id}`, bytes, timeout)
  } catch (error) {
    if (!(error instanceof LogConflict)) throw error
  }
}

/** The first record; undefined where it was trimmed. */
async function firstOf(log: ReplicatedLog): Promise<Start | undefined> {
  const ended = new Ending()
  try {
    for await (const { sequence, bytes } of log.read(1, ended)) {
      const record = decode(bytes)
      if (sequence !== 1 || record?.kind !== BEGIN) {
        const message = 'the first record of the replicated log begins none of zverse'
        throw new ZVerseError('ZVERSE_CORRUPT', message, { offset: sequence })
      }
      const beginning = jsonIn(record.body.slice()) as Beginning
      if (beginning.format !== 1) {
        const message = 'a later zverse has begun this replicated log: use that one'
        throw new ZVerseError('ZVERSE_FORMAT', message)
      }
      const { time } = beginning
      return { beginning, version: 0, time, sequence, check: checkOf(bytes), into: () => {} }
    }
  } catch (error) {
    if (!(error instanceof LogTrimmed)) throw error
  } finally {
    ended.abort()
  }
  return undefined
}

function boundsOf({ history }: Beginning): Bounds {
  const { versions, ms, bytes } = history
  const bound = (given: number | null) => given ?? Number.POSITIVE_INFINITY
  return { versions: bound(versions), ms: bound(ms), bytes: bound(bytes) }
}

/**
 * Puts what a snapshot has into a database that is too late for the log, as one version: those before it are no part of
 * its history any more.
 */
function replace(
  engine: Engine,
  taken: Taken,
  applied: Applied,
  clock: RecordClock,
  make: MakeEngine,
): void {
  const { sequence } = taken
  if (sequence <= applied.sequence)
    throw new LogUnavailable('none', 'the snapshot is older than this node')
  const source = make(taken.first, taken.time, boundsOf(taken.beginning), true)
  engine.isReplicating = true
  try {
    taken.into(source)
    const { versions } = source.epochs
    const version = versions.newest
    const time = versions.time(version)
    clock.time = time
    const batch = contentOf(source, engine)
    const next = nextStoreIn(source.W, source.W[tipOf(source.W) + R_CATALOG] as number)
    const { newest } = engine.epochs.versions
    // Only marks, or changes of tags, have come in between.
    if (version > newest) {
      inTurn(engine, WRITING_CALLBACK, tx =>
        inCallback(() => {
          tx.follows = false
          tx.begin(false, { version, time, ended: undefined, forgets: true })
          apply(tx, batch)
          tx.nextStore = Math.max(tx.nextStore, next)
          commitVersion(tx, true)
        }),
      )
    }
  } finally {
    engine.isReplicating = false
    clock.time = undefined
    source.close(true)
  }
  applied.sequence = sequence
  applied.check = taken.check
  applied.time = engine.epochs.versions.time(engine.epochs.versions.newest)
  applied.bytes = 0
}
