/**
 * The stream of a log: what it is made with, and whether one that is there will do. Any thread; no state.
 */
import type { StreamConfig } from '@nats-io/jetstream'

/** ns in a ms: the unit of durations in the server's interface. */
export const NANOS = 1_000_000
/** How long a server knows the ids of records, in ms: as long as the contract of logs asks for. */
const WINDOW_MS = 120_000

/** The one subject of the stream. */
export const subjectOf = (stream: string): string => `zverse.${stream}.log`

/** Records stay until they are trimmed; none can be deleted by itself, or makes room for a newer one. */
export function streamConfig(
  name: string,
  replicas: number,
): Partial<StreamConfig> & { name: string } {
  return {
    name,
    subjects: [subjectOf(name)],
    description: 'A replicated log of zverse',
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    num_replicas: replicas,
    max_msgs: -1,
    max_bytes: -1,
    max_age: 0,
    max_msg_size: -1,
    max_msgs_per_subject: -1,
    duplicate_window: WINDOW_MS * NANOS,
    deny_delete: true,
    deny_purge: false,
    allow_direct: false,
    allow_rollup_hdrs: false,
  }
}

/** What would have to change of a stream for it to be a log; empty if it will do. */
export function unfit(config: StreamConfig, name: string, replicas: number): string[] {
  const { subjects = [], discard, max_msgs_per_subject: perSubject } = config
  const wrong: [boolean, string][] = [
    [subjects.length !== 1 || subjects[0] !== subjectOf(name), `subjects: ["${subjectOf(name)}"]`],
    [config.storage !== 'file', 'storage: file'],
    [config.retention !== 'limits', 'retention: limits'],
    [config.num_replicas < replicas, `num_replicas: ${replicas} (it has ${config.num_replicas})`],
    [config.max_age > 0, 'max_age: 0'],
    [discard !== 'new' && (config.max_msgs > 0 || config.max_bytes > 0), 'discard: new'],
    [perSubject > 0, 'max_msgs_per_subject: -1'],
    [config.duplicate_window < WINDOW_MS * NANOS, 'duplicate_window: 2 minutes or more'],
    [config.deny_purge === true, 'deny_purge: false'],
    [config.no_ack === true, 'no_ack: false'],
    [config.sealed === true, 'sealed: false'],
    [config.persist_mode === 'async', 'persist_mode: default'],
    [config.mirror !== undefined || (config.sources?.length ?? 0) > 0, 'no mirror, no sources'],
    [config.subject_transform !== undefined, 'no subject_transform'],
  ]
  return wrong.filter(([isWrong]) => isWrong).map(([, change]) => change)
}
