// @ts-check
/** YCSB D, read latest: status updates, the newest read most. */
import { ycsb } from '../ycsb/workload.js'

export const ycsbD = ycsb({
  letter: 'D',
  what: '95 % reads of the latest, 5 % inserts',
  mix: [
    ['read', 95],
    ['insert', 5],
  ],
  keys: 'latest',
})
