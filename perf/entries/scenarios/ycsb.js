// @ts-check
/** The core workloads of YCSB: how many in a hundred operations are of which kind. */
import { ycsb } from '../ycsb/workload.js'

export const workloads = [
  // Update heavy: a store of sessions.
  ycsb('A', 'half reads, half updates', { read: 50, update: 50 }),
  // Read mostly: tags on photos.
  ycsb('B', '95 % reads, 5 % updates', { read: 95, update: 5 }),
  // Read only: a cache of profiles.
  ycsb('C', 'reads only', { read: 100 }),
  // Read latest: status updates, the newest read most.
  ycsb('D', '95 % reads of the latest, 5 % inserts', { read: 95, insert: 5 }, 'latest'),
  // Short ranges: the messages of a thread. Needs an order of keys.
  ycsb('E', '95 % scans of 1 to 100, 5 % inserts', { scan: 95, insert: 5 }),
  // Read-modify-write, records that users change: a get, then a put of the same key.
  ycsb('F', 'half reads, half read-modify-writes', { read: 50, modify: 50 }),
]
