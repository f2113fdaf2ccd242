// @ts-check
/**
 * Things of 100 bytes handed from threads to one thread, without a database: by the rings of the write queue, by an array in
 * shared memory behind a mutex, by MessagePorts. Each way has room for as many things; who finds no room, or nothing to take,
 * sleeps for 50 µs.
 */
import { consume } from '../measure.js'
import { isOver, work, workAsync } from './control.js'

/** @typedef {import('./control.js').Control} Control */
/** @typedef {import('./roles.js').Context} Context */
/** @typedef {typeof import('../../lib/threads/rings.js')} Rings */

/** Words of a thing; things put in one go; words of the shared memory of a way; ms that a thread sleeps. */
const WORDS = 25
const BURST = 64
const ROOM = 2 ** 18
/** Words of an arena in which eight rings have as much room. */
const ARENA = 2 ** 25
const SLEEP = 0.05
/** Where sleepers wait: nobody wakes them. */
const SLEEPERS = 0

export const WAYS = ['rings', 'mutex', 'ports']

/**
 * Memory for a way.
 * @param {string} way @param {number} producers @param {string | undefined} engine URL of another build
 */
export async function memoryFor(way, producers, engine) {
  const W = new Uint32Array(new SharedArrayBuffer((way === 'rings' ? ARENA : ROOM) * 4))
  if (way === 'rings') {
    const rings = await ringsOf(engine)
    for (let i = 0; i < producers; i++) rings.layOut(W, blockOf(rings, W, i))
  }
  return W
}

/** @param {string | undefined} engine @returns {Promise<Rings>} */
const ringsOf = engine =>
  import(
    new URL('threads/rings.js', engine ?? new URL('../../dist/index.js', import.meta.url)).href
  )

/** @param {Rings} rings @param {Uint32Array} W @param {number} index */
const blockOf = (rings, W, index) => 64 + index * rings.blockWords(W.length)

/** @param {Uint32Array} W */
const sleep = W => Atomics.wait(/** @type {any} */ (new Int32Array(W.buffer)), SLEEPERS, 0, SLEEP)

// ── A mutex, of three states (Drepper, "Futexes are tricky", 2011), around a ring of things ─────

const LOCK = 1
const FIRST = 2
const LAST = 3
const THINGS_AT = 64
/** As many for each producer as have room in a ring. */
const THINGS = Math.floor(2 ** 15 / WORDS)

/** @param {Int32Array} S */
function lock(S) {
  let state = Atomics.compareExchange(S, LOCK, 0, 1)
  if (state === 0) return
  if (state !== 2) state = Atomics.exchange(S, LOCK, 2)
  while (state !== 0) {
    Atomics.wait(S, LOCK, 2)
    state = Atomics.exchange(S, LOCK, 2)
  }
}

/** @param {Int32Array} S */
function unlock(S) {
  if (Atomics.exchange(S, LOCK, 0) === 2) Atomics.notify(S, LOCK, 1)
}

// ── Roles ─────────────────────────────────────────────────────────────────────────────────────

/**
 * @typedef {{
 *   way: string, W: Uint32Array, index: number, producers: number, port?: any, ports?: any[], engine?: string
 * }} Options
 */

/** Hands things over, without pause. @param {Context} _ @param {Control} control @param {Options} options */
async function hand(_, control, { way, W, index, producers, port, engine }) {
  const things = producers * THINGS
  const thing = new Uint32Array(WORDS).fill(index + 1)
  if (way === 'ports') {
    // A port has no bound of its own: as many may be on their way as have room in the others.
    let sent = 0
    const some = async () => {
      if (sent - Atomics.load(W, FIRST + index) > THINGS) {
        await new Promise(resolve => setImmediate(resolve))
        return
      }
      for (let i = 0; i < BURST; i++) port.postMessage(thing)
      sent += BURST
      await null
    }
    return workAsync(control, some, () => sent)
  }
  if (way === 'mutex') {
    const S = new Int32Array(W.buffer)
    return work(control, () => {
      for (let i = 0; i < BURST; i++) {
        lock(S)
        while (S[LAST] - S[FIRST] === things) {
          unlock(S)
          sleep(W)
          if (isOver(control)) return i
          lock(S)
        }
        const at = THINGS_AT + (S[LAST] % things) * WORDS
        for (let j = 0; j < WORDS; j++) W[at + j] = thing[j]
        S[LAST]++
        unlock(S)
      }
      return BURST
    })
  }
  const rings = await ringsOf(engine)
  const lane = rings.laneAt(blockOf(rings, W, index), 1)
  thing[0] = WORDS
  return work(control, () => {
    for (let i = 0; i < BURST; i++) {
      let at = 0
      while ((at = rings.roomFor(W, lane, rings.doneOf(W, lane), WORDS)) === 0) {
        sleep(W)
        if (isOver(control)) return i
      }
      for (let j = 0; j < WORDS; j++) W[at + j] = thing[j]
      rings.submitAt(W, lane, at, WORDS)
    }
    return BURST
  })
}

/** Takes what is handed over. @param {Context} _ @param {Control} control @param {Options} options */
async function take(_, control, { way, W, producers, ports, engine }) {
  const things = producers * THINGS
  let sum = 0
  if (way === 'ports') {
    let taken = 0
    ports?.forEach((port, index) => {
      port.on('message', (/** @type {Uint32Array} */ thing) => {
        sum += thing[1]
        taken++
        Atomics.add(W, FIRST + index, 1)
      })
    })
    const some = () =>
      new Promise(resolve => {
        setImmediate(() => resolve(undefined))
      })
    const counted = await workAsync(control, some, () => taken)
    for (const port of ports ?? []) port.close()
    consume(sum)
    return counted
  }
  if (way === 'mutex') {
    const S = new Int32Array(W.buffer)
    const counted = work(control, () => {
      lock(S)
      let count = 0
      while (S[FIRST] !== S[LAST] && count < BURST) {
        sum += W[THINGS_AT + (S[FIRST] % things) * WORDS + 1]
        S[FIRST]++
        count++
      }
      unlock(S)
      if (count === 0) sleep(W)
      return count
    })
    consume(sum)
    return counted
  }
  const rings = await ringsOf(engine)
  const blocks = Array.from({ length: producers }, (_, i) => blockOf(rings, W, i))
  const counted = work(control, () => {
    let count = 0
    for (const block of blocks) {
      const lane = rings.laneAt(block, 1)
      let tail = rings.tailOf(W, lane)
      for (const head = rings.headOf(W, lane); tail !== head; count++) {
        tail = rings.skipTo(W, lane, tail)
        sum += W[rings.unitAt(W, lane, tail) + 1]
        tail = (tail + WORDS) >>> 0
      }
      rings.take(W, block, [0, tail, 0])
      rings.decideTo(W, lane, tail)
    }
    if (count === 0) sleep(W)
    return count
  })
  consume(sum)
  return counted
}

/** @type {Record<string, (context: Context, control: Control, options: any) => any>} */
export const handing = { hand, take }
