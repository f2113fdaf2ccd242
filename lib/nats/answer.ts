/**
 * What a server answers to an append, and the ids of appends as servers get them. Any thread; no state.
 *
 * A server of 2.10 notes an id when it proposes the record, with sequence 0, and never takes the note back where the
 * record is refused: such an id is in process for as long as ids are known. The record then goes by another id, the id and
 * a number. That is safe where all tries are for one place in the log, which takes one record.
 */
import type { Msg } from '@nats-io/transport-node'

export type Answer =
  /** The record is there. */
  { readonly kind: 'at'; readonly sequence: number } | Failure

/** An answer that does not say where the record is. */
export type Failure =
  /** This try has put it nowhere: another record is newest. */
  | { readonly kind: 'conflict'; readonly why: string }
  /** This try has put it nowhere: another one has that id, and may still succeed. */
  | { readonly kind: 'staged'; readonly why: string }
  /** This try has put it nowhere: there is no leader, say. */
  | { readonly kind: 'refused'; readonly why: string }

const WRONG_LAST_SEQUENCE = 10071
const DUPLICATE_IN_PROCESS = 10158
const NO_RESPONDERS = 503

interface Body {
  readonly seq?: number
  readonly error?: { readonly err_code?: number; readonly description?: string }
}

export function answerOf(msg: Msg): Answer {
  if (msg.data.length === 0 && msg.headers?.code === NO_RESPONDERS) {
    return { kind: 'refused', why: 'the stream has no leader' }
  }
  const { seq = 0, error } = msg.json<Body>()
  if (error === undefined) {
    if (seq > 0) return { kind: 'at', sequence: seq }
    return { kind: 'staged', why: 'the id is in process' }
  }
  const why = error.description ?? `error ${error.err_code}`
  if (error.err_code === WRONG_LAST_SEQUENCE) return { kind: 'conflict', why }
  if (error.err_code === DUPLICATE_IN_PROCESS) return { kind: 'staged', why }
  return { kind: 'refused', why }
}

/** An id in a header: without what ends one, and without `/`. */
export function wireId(id: string, salt: number): string {
  const escaped = encodeURIComponent(id)
  return salt === 0 ? escaped : `${escaped}/${salt}`
}

/** The id that {@link wireId} was made of; an empty one where a record is none of ours. */
export function idOf(wire: string): string {
  const end = wire.indexOf('/')
  const escaped = end < 0 ? wire : wire.slice(0, end)
  return escaped.includes('%') ? decodeURIComponent(escaped) : escaped
}
