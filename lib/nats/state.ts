/**
 * What a stream has in it. Servers answer that question from what they have themselves, also one that has begun again and
 * knows of no leader yet, and one that was the leader and does not know that others have chosen another. So a message is
 * sent first that cannot be taken: that is for the leader to say, with the others, and it tells its newest message.
 */
import type { StreamInfo } from '@nats-io/jetstream'
import type { Link } from './link.js'

/** What no message can be. */
export const NEVER = Number.MAX_SAFE_INTEGER
/** ms for the answer. */
const REFUSAL_MS = 2500

interface Refusal {
  readonly error?: { readonly description?: string }
}

/**
 * Asks once; a server that is behind counts as one that has not answered, so this is for `Link.call`.
 * @param subject one of the stream
 * @param filter of the subjects to tell the messages of
 */
export async function stateOf(
  link: Link,
  stream: string,
  subject: string,
  filter?: string,
): Promise<StreamInfo> {
  const { node } = link.peers
  const headers = node.headers()
  headers.set('Nats-Expected-Last-Sequence', String(NEVER))
  const refusal = await link.nc.request(subject, '', { headers, timeout: REFUSAL_MS })
  const { error } = refusal.json<Refusal>()
  const last = /wrong last sequence: (\d+)/.exec(error?.description ?? '')?.[1]
  if (last === undefined) throw new node.TimeoutError()
  const options = filter === undefined ? undefined : { subjects_filter: filter }
  const info = await link.manager.streams.info(stream, options)
  const isLed = info.cluster === undefined || Boolean(info.cluster.leader)
  if (!isLed || info.state.last_seq < Number(last)) throw new node.TimeoutError()
  return info
}
