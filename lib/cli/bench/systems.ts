/** What `zverse bench DIR` compares, and the rows that it gives. */
import type { BenchRow } from './bench.js'

export const SYSTEMS = ['memory', 'persistent', 'Map'] as const

export type System = (typeof SYSTEMS)[number]

/** A workload on one of the systems. */
export interface SpeedRow extends BenchRow {
  system: System
}

/** What an entry takes: in memory, or on the disk. */
export interface BytesRow {
  name: 'entry-bytes' | 'disk-bytes'
  group: 'memory'
  system: System
  bytes: number
}

export type MatrixRow = SpeedRow | BytesRow
