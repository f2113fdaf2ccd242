/** The progress of a long load, on one line of a terminal. */
import { performance } from 'node:perf_hooks'
import { bar, counted } from '../bar.js'
import type { Sink } from '../output.js'

/** ms between two drawings. */
const INTERVAL = 100
const BAR = 20

export class Progress {
  readonly #sink: Sink
  readonly #total: number | undefined
  readonly #begin: number
  #drawn = 0
  #shown = false

  constructor(sink: Sink, total: number | undefined, begin = performance.now()) {
    this.#sink = sink
    this.#total = total
    this.#begin = begin
  }

  /** Shows the progress; draws only now and then, and only on a terminal. */
  tick(bytes: number, rows: number | undefined, total = this.#total): void {
    if (this.#sink.isTTY !== true) return
    const now = performance.now()
    if (now - this.#drawn < INTERVAL) return
    this.#drawn = now
    this.#shown = true
    const line = progressLine(bytes, total, rows, now - this.#begin)
    this.#sink.write(`\r${line.slice(0, (this.#sink.columns || 80) - 1)}\x1b[K`)
  }

  /** Clears the line. */
  end(): void {
    if (this.#shown) this.#sink.write('\r\x1b[K')
    this.#shown = false
  }
}

/** `[███▌      ]  35 %  12 MB/s  120,000 rows/s  0:12 left` */
export function progressLine(
  bytes: number,
  total: number | undefined,
  rows: number | undefined,
  ms: number,
): string {
  const seconds = Math.max(ms, 1) / 1000
  const rowRate = rows === undefined ? '' : `  ${counted(rows / seconds, 'row')}/s`
  const rate = `${size(bytes / seconds)}/s${rowRate}`
  if (total === undefined) return `${size(bytes)}  ${counted(rows ?? 0, 'row')}  ${rate}`
  const part = total === 0 ? 1 : Math.min(1, bytes / total)
  const left = part === 0 ? '' : `  ${clock((seconds * (1 - part)) / part)} left`
  return `[${bar(part, BAR).padEnd(BAR)}] ${String(Math.floor(part * 100)).padStart(3)} %  ${rate}${left}`
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let unit = 0
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000
    unit++
  }
  return `${bytes >= 100 || unit === 0 ? bytes.toFixed(0) : bytes.toFixed(1)} ${units[unit]}`
}

function clock(seconds: number): string {
  const whole = Math.ceil(seconds)
  const minutes = Math.floor(whole / 60)
  return `${minutes}:${String(whole % 60).padStart(2, '0')}`
}
