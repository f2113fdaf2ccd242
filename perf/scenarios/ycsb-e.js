// @ts-check
/** YCSB E, short ranges: the messages of a thread. Needs an order of keys. */
import { ycsb } from '../ycsb/workload.js'

export const ycsbE = ycsb({
  letter: 'E',
  what: '95 % scans of 1 to 100, 5 % inserts',
  mix: [
    ['scan', 95],
    ['insert', 5],
  ],
})
