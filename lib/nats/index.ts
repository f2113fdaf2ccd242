/**
 * A replicated log in NATS JetStream: `import { jetstream } from 'zverse/nats'`. Needs `@nats-io/transport-node`
 * and `@nats-io/jetstream` 3.4, optional peer dependencies, and servers of 2.10.23 or newer.
 */
import type { ReplicatedLog } from '../index.js'
import { JetStreamLog } from './log.js'
import { type JetStreamOptions, settings } from './options.js'

export type { JetStreamOptions } from './options.js'

/**
 * A log in JetStream: a stream for its records, and an object store, `zverse-` and the stream's name, for snapshots. Both
 * are made where there are none. Acknowledged records survive a failure of power only where the servers are configured
 * with `jetstream { sync_interval: always }`; otherwise they write to disk every 2 minutes.
 *
 * @throws ZVerseError `ZVERSE_INVALID_OPTION`
 */
export function jetstream(options: JetStreamOptions): ReplicatedLog {
  return new JetStreamLog(settings(options))
}
