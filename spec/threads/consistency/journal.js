// @ts-check
/**
 * A thread's record of its operations, in shared memory: the record stays when the thread is killed.
 *
 * Written by one thread, read when that thread is gone. Records are lines of JSON, two an operation:
 * the intention, then the result. A record counts when `USED` covers it; `BEGUN` has the stamp of
 * the operation under way.
 */

const USED = 0
const BEGUN = 1
const HEADER = 64
/** The most that an operation's two records need. */
const ROOM = 256 * 1024

/** Words of a round's control block. */
export const CLOCK = 0
export const STOP = 1
/** Threads that have begun. */
export const BEGAN = 2
export const CONTROL_BYTES = 64

/** @param {Int32Array} control */
export function tick(control) {
  return Atomics.add(control, CLOCK, 1) + 1
}

export class Journal {
  #words
  #bytes

  /** @param {SharedArrayBuffer} memory */
  constructor(memory) {
    this.#words = new Int32Array(memory, 0, 2)
    this.#bytes = new Uint8Array(memory, HEADER)
  }

  /** @param {number} bytes */
  static memory(bytes) {
    return new SharedArrayBuffer(HEADER + bytes)
  }

  get hasRoom() {
    return this.#words[USED] + ROOM < this.#bytes.length
  }

  /** Records an intention. @param {unknown} op */
  begin(op) {
    this.#append(op)
  }

  /** Takes the stamp of the operation's beginning. @param {Int32Array} control */
  stamp(control) {
    const stamp = tick(control)
    Atomics.store(this.#words, BEGUN, stamp)
    return stamp
  }

  /** Records its result. @param {number} a @param {number} b @param {unknown} r */
  end(a, b, r) {
    this.#append({ a, b, r })
  }

  /** @param {unknown} record */
  #append(record) {
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`)
    const used = this.#words[USED]
    if (used + bytes.length > this.#bytes.length) throw new Error('the journal is full')
    this.#bytes.set(bytes, used)
    Atomics.store(this.#words, USED, used + bytes.length)
  }

  /**
   * The thread's operations. One without an end has `r` undefined and ends at `gone`, the stamp
   * taken when its thread was surely dead.
   * @param {string} thread @param {number} gone
   * @returns {import('./kinds.js').Event[]}
   */
  read(thread, gone) {
    const text = Buffer.from(this.#bytes.slice(0, Atomics.load(this.#words, USED))).toString()
    const lines = text.split('\n').slice(0, -1)
    const events = []
    for (let i = 0; i < lines.length; i += 2) {
      const op = JSON.parse(lines[i])
      const end = lines[i + 1] === undefined ? undefined : JSON.parse(lines[i + 1])
      const begun = Atomics.load(this.#words, BEGUN)
      events.push({ thread, n: i / 2, op, ...(end ?? { a: begun, b: gone, r: undefined }) })
    }
    return events
  }
}
