/**
 * The system refuses memory: for the arena, for a handle's own parts, for a large value, for check and recovery.
 * Each refusal says what to do, and nothing is half done.
 */
import { spawnSync } from 'node:child_process'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { ZVerseLevel } from '../../lib/level/index.js'
import { H_DIRTY, H_PHASE } from '../../lib/memory/layout.js'
import { expectCode, thrownBy } from '../support/expect.js'

const MIB = 2 ** 20

/**
 * From now on the constructors refuse more than `most` elements, after `after` such calls succeeded.
 */
function refuse(names: string[], most: number, after = 0): { refused: number } {
  const told = { refused: 0 }
  let given = 0
  for (const name of names) {
    const Real = (globalThis as Record<string, unknown>)[name] as new (...all: unknown[]) => object
    const refusing = new Proxy(Real, {
      construct(target, all, made) {
        if (typeof all[0] === 'number' && all[0] > most && given++ >= after) {
          told.refused++
          throw new RangeError('Array buffer allocation failed')
        }
        return Reflect.construct(target, all, made)
      },
    })
    vi.stubGlobal(name, refusing)
  }
  return told
}

const PRIVATE = ['Uint8Array', 'Uint32Array', 'Int32Array', 'Float64Array']

afterEach(() => vi.unstubAllGlobals())

describe('address space that the system refuses', () => {
  it('is an INVALID_OPTION that names maxBytes and says what to do', async () => {
    refuse(['SharedArrayBuffer'], 2 * MIB)
    const fields = { option: 'maxBytes' }
    const error = expectCode(() => ZVerse.open({ maxBytes: 2 ** 30 }), 'INVALID_OPTION', fields)
    expect(error.message).toMatch(/ask for less/i)
    expect(error.message).toMatch(/ulimit/)
    expect(error.cause).toBeInstanceOf(RangeError)
    expectCode(() => new ZVerseLevel({ maxBytes: 2 ** 30 }), 'INVALID_OPTION', fields)
    const db = ZVerse.open({ maxBytes: MIB })
    expect(db.put('a', 1)).toBe(1)
    db.close()
  })

  it('is one for a process that has a bound', () => {
    if (process.platform !== 'linux') return
    const source = `
      import { ZVerse } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
      try { ZVerse.open({ maxBytes: 2 ** 34 }) } catch (error) { console.log(error.code, error.option) }
      console.log(ZVerse.open({ maxBytes: 2 ** 20 }).put('a', 1))`
    const line = 'ulimit -v 12000000; exec "$0" --input-type=module -e "$1"'
    const { stdout } = spawnSync('sh', ['-c', line, process.execPath, source], { encoding: 'utf8' })
    expect(stdout).toBe('ZVERSE_INVALID_OPTION maxBytes\n1\n')
  })
})

describe('private memory that the system refuses', () => {
  it('for a handle, at any point: no line of the table is lost', () => {
    const db = ZVerse.open({ maxBytes: 4 * MIB, maxThreads: 2, cache: { bytes: 1e6 } })
    const handle = db.share()
    let made: ZVerse | undefined
    let tries = 0
    for (; made === undefined; tries++) {
      const told = refuse(PRIVATE, 100, tries)
      try {
        made = ZVerse.attach(handle) as ZVerse
      } catch (error) {
        expect(error).toMatchObject({ code: 'ZVERSE_FULL', cause: expect.any(RangeError) })
        expect((error as Error).message).toMatch(/allow it more/)
      }
      vi.unstubAllGlobals()
      expect(told.refused > 0).toBe(made === undefined)
      expect(db.stats().readers.attached).toBe(made === undefined ? 1 : 2)
    }
    expect(tries).toBeGreaterThan(5)
    made.put('a', 1)
    expect(db.get('a')).toBe(1)
    expect(db.check().ok).toBe(true)
    made.close()
    db.close()
  })

  it('for values, batches and many keys: nothing is written', () => {
    const db = ZVerse.open({ maxBytes: 32 * MIB, values: 'binary' })
    const value = new Uint8Array(3 * MIB)
    db.put('large', value)
    const asks: (() => unknown)[] = [
      () => db.put('a', value),
      () => db.update('a', () => value),
      () => db.batch([{ type: 'put', key: 'a', value }]),
      () => db.transact(tx => tx.put('a', value)),
      () => db.get('large'),
      () => db.range().toArray(),
    ]
    for (const ask of asks) {
      refuse(PRIVATE, 2 * MIB)
      expectCode(ask, 'FULL')
      vi.unstubAllGlobals()
      expect([db.version, db.has('a'), db.stats().readers.pins]).toEqual([1, false, 0])
    }
    const keys = Array.from({ length: 10_000 }, (_, i) => `key number ${i}`)
    refuse(PRIVATE, 16_000)
    expectCode(() => db.getMany(keys), 'FULL')
    vi.unstubAllGlobals()
    expect(db.getMany(keys)[0]).toBeUndefined()
    expect(db.check().ok).toBe(true)
    db.close()
  })

  it('for check, and for recovery: a later call can do both', () => {
    const db = ZVerse.open({ maxBytes: 16 * MIB })
    for (let i = 0; i < 100; i++) db.put(`k${i}`, 'x'.repeat(10_000))
    refuse(PRIVATE, 1000)
    expectCode(() => db.check(), 'FULL')
    vi.unstubAllGlobals()
    expect(db.check().ok).toBe(true)
    // A commit that was cut off in its second half: the next writer marks everything.
    const { engine } = db._test
    const { epochs } = engine
    epochs.turn.exclusively(() => {})
    engine.W[H_PHASE] = 1
    engine.W[H_DIRTY] = 1
    refuse(PRIVATE, 1000)
    for (let i = 0; i < 3; i++) expectCode(() => db.put('a', 1), 'FULL')
    expect(db.get('k1')).toHaveLength(10_000)
    vi.unstubAllGlobals()
    db.put('a', 1)
    expect(db.check()).toMatchObject({ ok: true, problems: [] })
    db.close()
  })

  it("is not the stack's end, which passes as it is", () => {
    const db = ZVerse.open({ maxBytes: MIB })
    const dive = (): unknown => {
      db.put('a', [new Uint8Array(5000)])
      return [dive()]
    }
    expect(thrownBy(dive)).toBeInstanceOf(RangeError)
    expect(db.check().ok).toBe(true)
    db.close()
  })
})
