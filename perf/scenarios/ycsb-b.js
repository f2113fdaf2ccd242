// @ts-check
/** YCSB B, read mostly: tags on photos. */
import { ycsb } from '../ycsb/workload.js'

export const ycsbB = ycsb({
  letter: 'B',
  what: '95 % reads, 5 % updates',
  mix: [
    ['read', 95],
    ['update', 5],
  ],
})
