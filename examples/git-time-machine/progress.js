// @ts-check
/**
 * A progress bar on stderr: how far, how fast, how long still. It writes only to a terminal; with
 * NO_COLOR it keeps to plain characters without colour.
 */
import process from 'node:process'

const INTERVAL = 100
const CELLS = 24

/** @param {number} count */
export const grouped = count => Math.round(count).toLocaleString('en-US').replaceAll(',', ' ')

export class Progress {
  #begun = performance.now()
  #drawn = 0
  #on

  /**
   * @param {string} label @param {string} unit @param {number} total
   * @param {{ stream?: NodeJS.WriteStream, env?: NodeJS.ProcessEnv }} [where]
   */
  constructor(label, unit, total, { stream = process.stderr, env = process.env } = {}) {
    this.label = label
    this.unit = unit
    this.total = total
    this.stream = stream
    this.#on = stream.isTTY === true && env.TERM !== 'dumb'
    this.colour = this.#on && !env.NO_COLOR
  }

  /** @param {number} done */
  update(done) {
    if (!this.#on) return
    const now = performance.now()
    if (now - this.#drawn < INTERVAL) return
    this.#drawn = now
    const line = this.line(done, (now - this.#begun) / 1000).slice(
      0,
      (this.stream.columns || 80) - 1,
    )
    const coloured = this.colour ? line.replace(/█+/, '\u001b[36m$&\u001b[39m') : line
    this.stream.write(`\r${coloured}\u001b[K`)
  }

  /** @param {number} done @param {number} seconds */
  line(done, seconds) {
    const share = this.total > 0 ? Math.min(1, done / this.total) : 1
    const full = Math.round(share * CELLS)
    const rate = seconds > 0 ? done / seconds : 0
    const left = rate > 0 ? `${grouped(Math.ceil((this.total - done) / rate))} s left` : ''
    const bar = '█'.repeat(full) + '░'.repeat(CELLS - full)
    const counts = `${grouped(done)}/${grouped(this.total)} ${this.unit}`
    return `  ${this.label} ${bar} ${counts}  ${grouped(rate)}/s  ${left}`
  }

  /** Takes the bar away. */
  end() {
    if (this.#on && this.#drawn > 0) this.stream.write('\r\u001b[K')
  }
}
