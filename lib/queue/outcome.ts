/**
 * The outcome of a submission, as the thread that took it leaves it in the submission for the thread that made it: a
 * version, or an error as its code and two numbers. No state.
 */

import type { Engine } from '../engine/engine.js'
import { type ErrorCode, ZVerseError } from '../errors.js'
import type { Known } from '../indexes/definition.js'
import { U_OUTCOME, U_SAYS, U_STORE } from '../memory/queue-layout.js'
import { load48, store48 } from '../memory/words.js'
import type { StoreCore } from '../read/store-core.js'
import { busy } from '../threads/role.js'
import { conflict, valueTooLarge } from '../tree/writer.js'
import { CALLS, numberOf } from '../versions/tip.js'

const COMMITTED = 1
/** It has failed with an error that is none of CODES. */
const OTHER = 2
/** Errors of applying a submission, and of committing it; the index, plus 1 and OTHER, is the outcome. */
const CODES: readonly ErrorCode[] = [
  ...([
    'ZVERSE_CONFLICT',
    'ZVERSE_VALUE_TOO_LARGE',
    'ZVERSE_FULL',
    'ZVERSE_UNKNOWN_STORE',
  ] as const),
  ...(['ZVERSE_IO', 'ZVERSE_CORRUPT', 'ZVERSE_FORMAT', 'ZVERSE_WRITER_BUSY'] as const),
  ...(['ZVERSE_INVALID_VALUE', 'ZVERSE_NOT_UNIQUE', 'ZVERSE_UNKNOWN_FUNCTION'] as const),
  ...(['ZVERSE_INVALID_KEY', 'ZVERSE_UNAVAILABLE'] as const),
]
const REFUSED = {
  ZVERSE_INVALID_VALUE: 'a value of this submission was refused by',
  ZVERSE_NOT_UNIQUE: 'an index key of this submission is another entry’s already, in',
  ZVERSE_UNKNOWN_FUNCTION: 'the thread that took this submission has no function for',
}
/** Graphs alone refuse a key that its codec has taken. */
const NO_EDGE =
  'a key of this submission is none of an edge: [from, type, to], and its type a string'
const UNAVAILABLE = {
  none: 'nothing of this change is in it, nor will be: try again once it can be reached',
  unknown: 'this change may be in it, and takes effect then: look once it can be reached',
}

/** The error of a change that a replicated log did not take in time. */
export function unavailable(outcome: 'none' | 'unknown', cause?: unknown): ZVerseError {
  const message = `the replicated log could not be reached in time: ${UNAVAILABLE[outcome]}`
  return new ZVerseError('ZVERSE_UNAVAILABLE', message, { outcome, cause })
}

/** Stands for `null`, an absent key: no version is as large. */
const ABSENT = 0xffffffff

/** The submission at `at` is committed with a version, once that can be read. */
export function setVersion(words: Uint32Array, at: number, version: number): void {
  words[at + U_OUTCOME] = COMMITTED
  store48(words, at + U_SAYS, version)
}

/** It has failed, and changed nothing. */
export function setError(engine: Engine, words: Uint32Array, at: number, error: unknown): void {
  const { code, ...fields } = (error ?? {}) as ZVerseError
  words[at + U_OUTCOME] = OTHER + 1 + (error instanceof ZVerseError ? CODES.indexOf(code) : -1)
  const { index } = fields
  const [first, second] =
    index === undefined
      ? numbersOf(code, fields as ZVerseError)
      : [
          indexesIn(engine, engine.epochs.versions.tip, words, at).find(
            named => named.name === index,
          )?.id,
        ]
  setNumber(words, at + U_SAYS, first)
  setNumber(words, at + U_SAYS + 2, second)
}

/** The indexes of the store of a submission, in a snapshot. */
function indexesIn(
  engine: Engine,
  record: number,
  words: Uint32Array,
  at: number,
): readonly Known[] {
  const { names, indexes } = engine
  return indexes.below(names.rootIn(record)).get(words[at + U_STORE] | 0) ?? []
}

/** The error of a submission that an index has refused. */
function refusedBy(
  engine: Engine,
  code: keyof typeof REFUSED,
  words: Uint32Array,
  at: number,
): ZVerseError {
  const { slots, versions } = engine.epochs
  const refuser = numberAt(words, at + U_SAYS)
  slots.enter()
  const index = indexesIn(engine, versions.current, words, at).find(
    ({ id }) => id === refuser,
  )?.name
  slots.exit()
  const which = index === undefined ? 'an index that is no more' : `index ${JSON.stringify(index)}`
  return new ZVerseError(code, `${REFUSED[code]} ${which}`, index === undefined ? {} : { index })
}

function numbersOf(code: ErrorCode, fields: Partial<ZVerseError>): (number | null | undefined)[] {
  if (code === 'ZVERSE_CONFLICT') return [fields.expected, fields.actual]
  if (code === 'ZVERSE_VALUE_TOO_LARGE') return [fields.size, fields.max]
  if (code === 'ZVERSE_UNAVAILABLE') return [fields.outcome === 'none' ? 0 : 1, 0]
  // Of a role of one call: it was waited for under the lock.
  if (code === 'ZVERSE_WRITER_BUSY') return [Math.round(fields.waitedMs ?? 0), fields.threadId]
  return [Math.abs(fields.errno ?? 0), numberOf(fields.syscall ?? '')]
}

function setNumber(words: Uint32Array, at: number, number: number | null | undefined): void {
  store48(words, at, number ?? 0)
  if (number === null) words[at + 1] = ABSENT
}

function numberAt(words: Uint32Array, at: number): number | null {
  return words[at + 1] === ABSENT ? null : load48(words, at)
}

/** The version with which the submission was committed; undefined where it has failed. */
export function versionAt(words: Uint32Array, at: number): number | undefined {
  return words[at + U_OUTCOME] === COMMITTED ? load48(words, at + U_SAYS) : undefined
}

/** Why it has failed. @param stores those that submissions were made to, by id */
export function errorAt(
  engine: Engine,
  words: Uint32Array,
  at: number,
  stores: ReadonlyMap<number, StoreCore>,
): Error {
  const { epochs, log } = engine
  const code = CODES[words[at + U_OUTCOME] - OTHER - 1]
  const first = numberAt(words, at + U_SAYS)
  const second = numberAt(words, at + U_SAYS + 2)
  switch (code) {
    case 'ZVERSE_CONFLICT':
      return conflict(first, second)
    case 'ZVERSE_VALUE_TOO_LARGE':
      return valueTooLarge(first ?? 0, second ?? 0)
    case 'ZVERSE_FULL':
      return epochs.space.full()
    case 'ZVERSE_WRITER_BUSY':
      return busy(first ?? 0, second ?? 0)
    case 'ZVERSE_UNKNOWN_STORE':
      return (stores.get(words[at + U_STORE] | 0) as StoreCore).unknown()
    case 'ZVERSE_INVALID_VALUE':
    case 'ZVERSE_NOT_UNIQUE':
    case 'ZVERSE_UNKNOWN_FUNCTION':
      return refusedBy(engine, code, words, at)
    case 'ZVERSE_UNAVAILABLE':
      return unavailable(first === 0 ? 'none' : 'unknown')
    case 'ZVERSE_INVALID_KEY':
      return new ZVerseError(code, NO_EDGE)
    case undefined:
      return new Error('zverse: the thread that was to commit this submission failed: it did not')
    default: {
      const [errno, syscall] = [-(first ?? 0), CALLS[second ?? 0]]
      const { path = '' } = log ?? {}
      const message = `${syscall} failed in ${path} (errno ${errno}): nothing of this submission can be read`
      return new ZVerseError(code, message, { syscall, path, errno })
    }
  }
}
