/**
 * The writer lock among threads that are posed by handles with ids of their own: who gets the next turn. What happens
 * when real threads meet is in threads.spec.ts and the stress runs, all orders of steps in spec/model/spin/lock.pml.
 */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Arena } from '../../lib/memory/arena.js'
import { H_TURN, H_WAITERS, T_TICKET, T_WAITING, TURN_PRESENT } from '../../lib/memory/layout.js'
import { claimLine } from '../../lib/threads/lines.js'
import { WriterLock } from '../../lib/threads/lock.js'
import { openWith } from '../../lib/zverse.js'
import { NEVER } from './actors.js'

/** Of a thread of which nothing can be told. */
const TRACE = { task: 0, proof: 0 }

let arena: Arena
let W: Uint32Array
beforeEach(() => {
  arena = openWith({ maxBytes: 2 ** 20 }, { now: () => 0 })._test.engine.epochs.arena
  W = arena.words
})

interface Posed {
  readonly id: number
  readonly line: number
  readonly lock: WriterLock
}

/** A handle of a thread. */
function pose(threadId: number): Posed {
  const line = claimLine(arena, threadId, TRACE)
  return { id: threadId + 1, line, lock: new WriterLock(arena, line, threadId, () => {}) }
}

const ticketOf = ({ line }: Posed) => W[line + T_TICKET]

/** It sleeps in `acquire`: as far as others see. */
function sleeps({ line }: Posed): void {
  Atomics.add(W, H_WAITERS, 1)
  W[line + T_WAITING]++
}

/** It wakes, and takes the lock if it may. */
function wakes(posed: Posed): boolean {
  if (!posed.lock.tryAcquire()) return false
  W[posed.line + T_WAITING]--
  Atomics.sub(W, H_WAITERS, 1)
  return true
}

/** An asynchronous wait, until `isOver` after a look; every 20 ms the waiter looks if others come. */
async function waits({ lock }: Posed, isOver: () => boolean): Promise<void> {
  const end = new Error('that will do')
  const sleep = async () => {
    await new Promise(resolve => setTimeout(resolve, 2))
    if (isOver()) throw end
  }
  const isLeft = () => false
  await lock.acquireAsync(NEVER, isLeft, sleep, () => {}).catch(error => expect(error).toBe(end))
}

describe('who has the next turn', () => {
  it('the one that has not had it for longest', () => {
    const [a, b, c] = [pose(101), pose(102), pose(103)]
    for (const one of [c, b, a]) {
      one.lock.tryAcquire()
      one.lock.release()
    }
    a.lock.tryAcquire()
    sleeps(b)
    sleeps(c)
    a.lock.release()
    expect(W[H_TURN]).toBe(c.id)
    expect(b.lock.tryAcquire()).toBe(false)
    expect(wakes(c)).toBe(true)
    c.lock.release()
    expect(W[H_TURN]).toBe(b.id)
  })

  it('a thread with several handles counts for each of them: it cannot keep the lock from others', () => {
    const mine = [pose(101), pose(101), pose(101)]
    const other = pose(102)
    for (const one of [other, ...mine]) {
      one.lock.tryAcquire()
      one.lock.release()
    }
    for (const one of mine) {
      one.lock.tryAcquire()
      one.lock.release()
    }
    let owner = mine[0]
    owner.lock.tryAcquire()
    const all = [...mine, other]
    for (const one of all) if (one !== owner) sleeps(one)
    const order: Posed[] = []
    while (order.length < 12) {
      owner.lock.release()
      sleeps(owner)
      const called = all.filter(({ id }) => W[H_TURN] === id)
      owner = called.reduce((one, two) => (ticketOf(one) < ticketOf(two) ? one : two))
      expect(wakes(owner)).toBe(true)
      order.push(owner)
    }
    for (const one of all) expect(order.filter(turn => turn === one)).toHaveLength(3)
  })

  it('is not taken from one that is awake, as long as another has the lock', async () => {
    const [owner, next, third] = [pose(101), pose(102), pose(103)]
    owner.lock.tryAcquire()
    sleeps(next)
    W[H_TURN] = next.id | TURN_PRESENT
    const since = performance.now()
    await waits(third, () => performance.now() - since > 70)
    expect(W[H_TURN]).toBe(next.id | TURN_PRESENT)
    owner.lock.release()
    expect(wakes(next)).toBe(true)
  })

  it('is taken from one that does not come, and that one gets none before it is awake', async () => {
    const [owner, gone, third] = [pose(101), pose(102), pose(103)]
    owner.lock.tryAcquire()
    // A vm timeout has cut its call off: it runs no `finally`.
    sleeps(gone)
    owner.lock.release()
    expect(W[H_TURN]).toBe(gone.id)
    await waits(third, () => third.lock.mine)
    expect(third.lock.mine).toBe(true)
    sleeps(owner)
    third.lock.release()
    expect(W[H_TURN]).toBe(owner.id)
    expect(wakes(owner)).toBe(true)
    owner.lock.release()
    expect(W[H_TURN]).toBe(0)
    // What was cut off is found by the next call of its thread.
    expect([W[gone.line + T_WAITING], W[H_WAITERS]]).toEqual([1, 1])
    third.lock.tryAcquire()
    await waits(gone, () => {
      expect([W[gone.line + T_WAITING], W[H_WAITERS]]).toEqual([1, 1])
      third.lock.release()
      return false
    })
    expect(gone.lock.mine).toBe(true)
    expect([W[gone.line + T_WAITING], W[H_WAITERS]]).toEqual([0, 0])
    gone.lock.release()
  })

  it('a wait that was cut off is found when its thread gives the lock back, too', () => {
    const [owner, other] = [pose(101), pose(102)]
    owner.lock.tryAcquire()
    sleeps(owner)
    sleeps(other)
    owner.lock.release()
    expect([W[owner.line + T_WAITING], W[H_WAITERS]]).toEqual([0, 1])
    expect(W[H_TURN]).toBe(other.id)
  })
})
