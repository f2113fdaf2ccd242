// @ts-check
/** YCSB F, read-modify-write: records that users change. A get, then a put of the same key. */
import { ycsb } from '../ycsb/workload.js'

export const ycsbF = ycsb({
  letter: 'F',
  what: 'half reads, half read-modify-writes',
  mix: [
    ['read', 50],
    ['modify', 50],
  ],
})
