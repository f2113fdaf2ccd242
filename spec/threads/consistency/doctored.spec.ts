/**
 * The checkers can fail: true histories of one thread are doctored, and each time the judge must
 * complain. `linear.spec.ts` tests the true ones; here they only must pass.
 */
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../../dist/index.js'
import { Chooser } from './choose.js'
import { judge } from './judge.js'
import type { Event, Op, Recorded, Result } from './kinds.js'
import { Performer } from './perform.js'
import { Random } from './random.js'
import { derived } from './values.js'

const VERSIONS = 20

/** A true history: one thread's operations, dealt to three names. */
async function record(seed: number, operations = 600): Promise<Recorded> {
  const db = ZVerse.open({ maxBytes: 2 ** 23, history: { versions: VERSIONS } })
  const performer = new Performer(db, ['s'])
  const first = db.version
  const random = new Random(seed)
  const place = { thread: 't0', first, stores: 2, versions: VERSIONS, share: 0.5 }
  const chooser = new Chooser(random, place)
  const events: Event[] = []
  let clock = 0
  let since = first
  const add = (thread: string, op: unknown, r: Result) => {
    const plain = JSON.parse(JSON.stringify(r))
    events.push({ thread, n: events.length, op: op as Op, a: ++clock, b: ++clock, r: plain })
  }
  for (let n = 0; n < operations; n++) {
    const op = chooser.next(db.version, performer.held)
    if (op.o === 'wait') continue
    const thread = op.o === 'tag' || op.o === 'untag' ? 't0' : `t${random.int(3)}`
    const before = db.version
    const r = await performer.perform({ ...op, how: op.how && 'begin' })
    chooser.learn(op, r)
    add(thread, op, r)
    if (db.version === before) continue
    const changed = [...db.diff(before, before + 1)]
    if (changed.length === 0) continue
    const { value } = (await db.changes({ since: before }).next()) as Result
    const ch = value.changes.map((c: Result) => [c.type, c.key, c.value?.token ?? null])
    add('f', { o: 'seen', s: 0, since, range: {} }, { v: value.version, ts: value.timestamp, ch })
    since = value.version
  }
  performer.close()
  db.close()
  return { events, first, versions: VERSIONS, stores: 2 }
}

/**
 * The history with `change` applied to the first event, not quite from the beginning, that it takes.
 */
function doctored(true_: Recorded, change: (event: Event, all: Event[]) => boolean): Recorded {
  const events: Event[] = structuredClone(true_.events)
  const first = Math.floor(events.length / 5)
  const index = events.findIndex((event, i) => i > first && change(event, events))
  expect(index, 'something to doctor').toBeGreaterThan(0)
  return { ...true_, events }
}

const isPut = ({ op, r }: Event) => op.o === 'direct' && op.step.do === 'put' && !r.e
const isPresent = (event: Event, verb: string) => {
  return event.op.o === 'now' && event.op.step.do === verb && event.r.x !== null
}

/** The judge's problems, in one text. */
const verdict = (recorded: Recorded) => judge(recorded).join('\n')

describe('the judge of histories', async () => {
  const true_ = await record(7, 1500)

  it('accepts true ones', async () => {
    for (let seed = 0; seed < 8; seed++) {
      expect(judge(await record(seed)), `seed ${seed}`).toEqual([])
    }
  })

  it('notices a commit that nobody made', () => {
    const lost = doctored(true_, (event, all) => {
      return isPut(event) && all.splice(all.indexOf(event), 1).length === 1
    })
    expect(verdict(lost)).toContain('was made by no operation')
  })

  it('notices a lost write: two that returned the same version', () => {
    const lost = doctored(true_, (event, all) => {
      if (!isPut(event)) return false
      const twin = structuredClone(event)
      twin.op.step.key = 'k99'
      twin.thread = 't9'
      return all.splice(all.indexOf(event), 0, twin).length === 0
    })
    expect(verdict(lost)).toMatch(/its write is lost|expected/)
  })

  it('notices a lost update: a value made of an old one', () => {
    const lost = doctored(true_, ({ op }, all) => {
      if (op.o !== 'direct' || op.step.do !== 'update') return false
      // As if it had read nothing, in all places where its value is seen.
      const token = new RegExp(`"${op.step.id}<[^"]+"`, 'g')
      const before = JSON.stringify(all)
      for (const event of all) {
        event.r = JSON.parse(JSON.stringify(event.r).replaceAll(token, `"${op.step.id}<"`))
      }
      return JSON.stringify(all) !== before
    })
    expect(verdict(lost)).toContain('expected')
  })

  it('notices a stale read, by its value', () => {
    const stale = doctored(true_, event => {
      if (!isPresent(event, 'get')) return false
      event.r.x = derived('t0.0', null)
      return true
    })
    expect(verdict(stale)).toContain('read between versions')
  })

  it('notices a stale read, by its version', () => {
    const stale = doctored(true_, (event, all) => {
      if (event.op.o !== 'snap' || event.op.at !== undefined) return false
      // It begins after everything else has been seen.
      event.a = 1e6
      event.b = 1e6 + 1
      return all.length > 0
    })
    expect(verdict(stale)).toMatch(/the present was \d+ after \d+ had been seen/)
  })

  it('notices a version that goes back on one thread', () => {
    const back = doctored(true_, event => {
      if (event.op.o !== 'now' || event.op.step.do !== 'size') return false
      event.r.v0 += 1
      return true
    })
    expect(verdict(back)).not.toBe('')
  })

  it('notices a read from the future', () => {
    const future = doctored(true_, event => {
      if (event.op.o !== 'snap' || event.op.at !== undefined) return false
      // It ended before all others began.
      event.a = -2
      event.b = -1
      return true
    })
    expect(verdict(future)).toContain('before')
  })

  it('notices a commit that was seen before it began', () => {
    const future = doctored(true_, event => {
      if (!isPut(event)) return false
      event.a += 400
      event.b += 400
      return true
    })
    expect(verdict(future)).toContain('had been seen before it began')
  })

  it('notices a value made of two', () => {
    const torn = doctored(true_, event => {
      if (!isPresent(event, 'get')) return false
      event.r.x = 'BROKEN {}'
      return true
    })
    expect(verdict(torn)).toContain('BROKEN')
  })

  it('notices a range without its last key', () => {
    const short = doctored(true_, event => {
      return isPresent(event, 'range') && event.r.x.length > 0 && event.r.x.pop() !== undefined
    })
    expect(verdict(short)).toContain('expected')
  })

  it('notices a read at an old version that shows another', () => {
    const other = doctored(true_, event => {
      if (event.op.o !== 'at' || event.op.step.do !== 'entries' || event.r.e) return false
      if (typeof event.op.at !== 'number') return false
      if (event.r.x.length === 0) return false
      event.r.x[0][2] -= 1
      return true
    })
    expect(verdict(other)).toContain('expected')
  })

  it('notices a transaction that read another state', () => {
    const other = doctored(true_, ({ op, r }) => {
      if (op.o !== 'tx' || r.e) return false
      const at = op.steps.findIndex((step, i) => step.do === 'get' && r.rs[i] !== null)
      if (at < 0) return false
      r.rs[at] = derived('t0.0', null)
      return true
    })
    expect(verdict(other)).toContain('steps of a transaction')
  })

  it('notices half a transaction', () => {
    const half = doctored(true_, event => {
      if (event.op.o !== 'batch' || event.r.e || event.op.steps.length < 3) return false
      const last = event.op.steps.filter(step => step.do === 'put').at(-1)
      if (last === undefined) return false
      last.key = 'k98'
      return true
    })
    expect(verdict(half)).not.toBe('')
  })

  it('notices a doubled commit in changes', () => {
    const doubled = doctored(true_, (event, all) => {
      if (event.op.o !== 'seen') return false
      const twin = structuredClone(event)
      twin.op.since = event.r.v
      return all.splice(all.indexOf(event) + 1, 0, twin).length === 0
    })
    expect(verdict(doubled)).toContain('twice')
  })

  it('notices a commit that changes left out', () => {
    const missing = doctored(true_, (event, all) => {
      if (event.op.o !== 'seen') return false
      const next = all.slice(all.indexOf(event) + 1).find(({ op }) => op.o === 'seen')
      if (next === undefined) return false
      next.op.since = event.op.since
      return true
    })
    expect(verdict(missing)).toContain('left out')
  })

  it('notices a change that changes left out', () => {
    const missing = doctored(true_, ({ op, r }) => op.o === 'seen' && r.ch.pop() !== undefined)
    expect(verdict(missing)).toContain('a commit of changes')
  })

  it('notices a wrong difference', () => {
    const wrong = doctored(true_, ({ op, r }) => {
      return op.o === 'diff' && !r.e && r.x.length > 0 && r.x.pop() !== undefined
    })
    expect(verdict(wrong)).toContain('a difference')
  })

  it('notices a history without one of its writes', () => {
    const wrong = doctored(true_, ({ op, r }) => {
      if (op.o !== 'snap' || r.e) return false
      const at = op.steps.findIndex((step, i) => step.do === 'history' && r.rs[i].length > 2)
      return at >= 0 && r.rs[at].splice(1, 1).length === 1
    })
    expect(verdict(wrong)).toContain('history')
  })

  it('notices that a kept version is refused', () => {
    const refused = doctored(true_, event => {
      if (event.op.o !== 'at' || typeof event.op.at !== 'number' || event.r.e) return false
      const requested = event.op.at
      const newest = event.r.o1 + VERSIONS
      const e = 'ZVERSE_VERSION_NOT_RETAINED'
      event.r = { e, requested, oldest: requested + 1, newest: Math.max(newest, requested + 1) }
      return true
    })
    expect(verdict(refused)).toMatch(/the oldest kept can have been|seen/)
  })

  it('notices that a version is not there which others have seen', () => {
    const refused = doctored(true_, event => {
      if (event.op.o !== 'at' || typeof event.op.at !== 'number' || event.r.e) return false
      const requested = event.op.at
      event.r = { e: 'ZVERSE_FUTURE_VERSION', requested, oldest: 0, newest: requested - 1 }
      return true
    })
    expect(verdict(refused)).toContain('had been seen')
  })

  it('notices that a version is read which is let go of', () => {
    // The same history, judged as if fewer versions were kept.
    expect(verdict({ ...true_, versions: 3 })).toContain('was let go of')
  })

  it('notices a tag on another version', () => {
    const moved = doctored(true_, ({ op, r }) => {
      if (op.o !== 'versions') return false
      const tagged = r.x.find((v: Result) => v[2].length > 0)
      const other = r.x.find((v: Result) => v !== tagged)
      if (!tagged || !other) return false
      other[2].push(tagged[2].pop())
      return true
    })
    expect(verdict(moved)).toContain('tag ')
  })

  it('notices a timestamp that changes', () => {
    const wrong = doctored(true_, ({ op, r }) => {
      if (op.o !== 'snap' || r.e) return false
      r.ts += 1000
      return true
    })
    expect(verdict(wrong)).toMatch(/ (was|is) of /)
  })

  it('accepts that the last operation of a killed thread happened or did not', () => {
    for (const happened of [true, false]) {
      const killed = doctored(true_, (event, all) => {
        if (!isPut(event)) return false
        const pending = structuredClone(event)
        pending.r = undefined
        pending.b = 1e6
        pending.thread = 't9'
        if (!happened) pending.op.step.key = 'k97'
        return all.splice(all.indexOf(event), happened ? 1 : 0, pending).length < 2
      })
      expect(judge(killed)).toEqual([])
    }
  })

  it('chooses among killed operations by what was seen of them', () => {
    const killed = doctored(true_, (event, all) => {
      if (!isPut(event)) return false
      const at = all.indexOf(event)
      const pending = { ...structuredClone(event), r: undefined, b: 1e6, thread: 't9' }
      const other = structuredClone(pending)
      other.op.step.key = 'k97'
      other.thread = 't8'
      return all.splice(at, 1, other, pending).length === 1
    })
    expect(judge(killed)).toEqual([])
  })

  it('notices half of what a killed thread did', () => {
    const killed = doctored(true_, event => {
      if (event.op.o !== 'batch' || event.r.e) return false
      if (event.op.steps.filter(step => step.do === 'put').length < 2) return false
      event.r = undefined
      event.b = 1e6
      const last = event.op.steps.filter(step => step.do === 'put').at(-1)
      event.op.steps = event.op.steps.filter(step => step !== last)
      return true
    })
    expect(verdict(killed)).not.toBe('')
  })
})
