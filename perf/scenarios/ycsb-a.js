// @ts-check
/** YCSB A, update heavy: a store of sessions. */
import { ycsb } from '../ycsb/workload.js'

export const ycsbA = ycsb({
  letter: 'A',
  what: 'half reads, half updates',
  mix: [
    ['read', 50],
    ['update', 50],
  ],
})
