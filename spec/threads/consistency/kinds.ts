/**
 * The parts of histories: steps, operations, and the events that threads record. Plain data,
 * so that it goes through JSON. Types only.
 */

export interface Range {
  gt?: string
  gte?: string
  lt?: string
  lte?: string
  prefix?: string
  reverse?: boolean
  limit?: number
}

/** One verb on one store, by its index. Which fields are there depends on the verb. */
export interface Step {
  do:
    | 'put'
    | 'putIf'
    | 'del'
    | 'delIf'
    | 'update'
    | 'drop'
    | 'clear'
    | 'restore'
    | 'get'
    | 'has'
    | 'entry'
    | 'many'
    | 'range'
    | 'entries'
    | 'keys'
    | 'count'
    | 'size'
    | 'history'
  s: number
  key: string
  /** Names the write: becomes part of its value. */
  id: string
  ifVersion: number | null
  range: Range
  keys: string[]
  /** The version that `restore` goes back to. */
  at: number
}

/** An operation of one thread. Its fields depend on `o`. */
export interface Op {
  o:
    | 'direct' // `step` on the database
    | 'batch' // `steps` in one `batch`
    | 'tx' // `steps` in a write transaction
    | 'tag'
    | 'untag'
    | 'now' // `step` at the present
    | 'at' // `step` at `at`
    | 'snap' // `steps` in a read transaction, opened and closed
    | 'hold' // opens a read transaction
    | 'held' // `steps` in a read transaction opened before
    | 'diff'
    | 'versions'
    | 'wait' // waitFor `version`
    | 'seen' // the next commit that `changes` gives after `since`
  step: Step
  steps: Step[]
  s: number
  how: 'transact' | 'begin' | 'async'
  end: 'commit' | 'abort'
  name: string
  at: number | string | undefined
  from: number
  to: number
  range: Range
  version: number
  since: number
}

/** Results as JSON has them; absent is null. */
// biome-ignore lint/suspicious/noExplicitAny: each operation has results of its own form
export type Result = any

export interface Event {
  thread: string
  /** The how-manieth of its thread. */
  n: number
  op: Op
  /** Stamps of one clock that all threads share, taken before and after. */
  a: number
  b: number
  /** Undefined: its thread was killed during it. */
  r: Result | undefined
}

/** All that a round recorded, and all that the judge must know. */
export interface Recorded {
  events: Event[]
  /** The version at which recording began; all stores are empty at it. */
  first: number
  /** How many past versions are kept. */
  versions: number
  stores: number
}
