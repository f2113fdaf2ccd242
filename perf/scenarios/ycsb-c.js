// @ts-check
/** YCSB C, read only: a cache of profiles. */
import { ycsb } from '../ycsb/workload.js'

export const ycsbC = ycsb({
  letter: 'C',
  what: 'reads only',
  mix: [['read', 100]],
})
