/** Whether a thread lives, asked of the system, by both means. */
import { describe, expect, it } from 'vitest'
import { leaveTrace, lives, type Trace, takeTrace } from '../../lib/threads/liveness.js'
import { Actor, NEVER, sleep, ZVerse } from '../threads/actors.js'

describe.each(['linux', 'another system'])('a thread on %s', system => {
  it('lives until it ends, and that is seen at once', async () => {
    const db = ZVerse.open({ maxBytes: 2 ** 20 })
    for (const end of ['terminate', 'exit', 'throw']) {
      const actor = new Actor(db.share(), { attach: false })
      actor.exited.catch(() => {})
      const trace = await actor.run<Trace>(
        `const { leaveTrace } = await import(args[0])
         return leaveTrace(args[1])`,
        [new URL('../../dist/threads/liveness.js', import.meta.url).href, system],
      )
      expect(trace.task).toBeGreaterThan(0)
      expect(lives(trace)).toBe(true)
      actor.worker.on('error', () => {})
      if (end === 'terminate') void actor.kill()
      else actor.order(end === 'exit' ? 'process.exit()' : `setImmediate(() => { throw 1 })`)
      // Asked by a thread that hears no events meanwhile.
      const limit = performance.now() + NEVER
      while (lives(trace) && performance.now() < limit);
      expect(lives(trace)).toBe(false)
      await actor.exited.catch(() => {})
    }
    db.close()
  })
})

describe('a trace', () => {
  it('of the main thread of a process tells nothing, nor does none', async () => {
    expect(lives({ task: 0, proof: 0 })).toBe(null)
    const own = leaveTrace('another system')
    if (own.task !== 0) expect(lives(own)).toBe(true)
    takeTrace(own)
    await sleep(0)
    if (own.task !== 0) expect(lives(own)).toBe(false)
  })

  it('of a task that was not there is dead', () => {
    expect(lives({ task: 0x7ffffff0, proof: 1 })).toBe(process.platform === 'linux' ? false : null)
  })
})
