/**
 * What judges databases whose threads are killed (kill-model.js) takes what may have happened, and nothing
 * else. The threads are files that one thread writes to.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { type Db, Model, type Operation } from './kill-model.js'
import { attempt } from './kill-work.js'

let folder = ''
let db: Db
const files = () => [0, 1, 2].map(thread => join(folder, `${thread}`))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'zverse-judge-'))
  db = ZVerse.open({ maxBytes: 2 ** 22 }) as unknown as Db
})
afterEach(() => {
  db.close()
  rmSync(folder, { recursive: true })
})

/** A thread does something and tells of it. */
function does(thread: number, operation: Operation): void {
  const file = openSync(files()[thread] ?? '', 'a')
  attempt(db, thread, file, db.version, operation)
  closeSync(file)
}

const put = (thread: number): Operation => ({
  kind: 'put',
  key: `p${thread}/0`,
  value: [0, db.version],
})

/** A thread has told these lines. */
function tells(thread: number, ...lines: unknown[][]): void {
  writeFileSync(files()[thread] ?? '', lines.map(line => `${JSON.stringify(line)}\n`).join(''))
}

/** A database that has lost a store at one version. */
const without = (name: string, at: number): Db =>
  new Proxy(db, {
    get(target, verb) {
      if (verb === 'stores')
        return (view?: { at: number }) =>
          target.stores(view).filter(store => view?.at !== at || store.name !== name)
      const value = Reflect.get(target, verb, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

const take = (from = db) => new Model().take(files(), from)

describe('of a store, whose making tells no version', () => {
  /** Thread 0 is silent for long after it has made its stores; thread 2 begins late. */
  function late(): { before: number; after: number } {
    does(0, { kind: 'store', name: 'a' })
    does(0, { kind: 'store', name: 'b' })
    does(1, put(1))
    does(1, { kind: 'tag', name: 't1-0' })
    const before = db.version
    does(2, { kind: 'store', name: 'd2' })
    does(2, put(2))
    does(2, { kind: 'tag', name: 't2-0' })
    const after = db.version
    does(0, put(0))
    return { before, after }
  }

  it('knows when it was made, also by a thread that told of no version before', () => {
    late()
    take()
  })

  it('misses it at a version after that', () => {
    const { after } = late()
    expect(() => take(without('d2', after))).toThrow('d2')
    expect(() => take(without('b', after))).toThrow("'b'")
  })

  it('misses those of threads without haste at a version before the other’s', () => {
    const { before } = late()
    expect(() => take(without('b', before))).toThrow("'b'")
  })

  it.each([
    ['d1', 'd2'],
    ['d2', 'd1'],
  ])('takes either order of two that were made at once: %s, %s', (...names) => {
    for (const name of names) {
      db.store(name)
      db.tag(`t0-${name}`)
    }
    tells(0, ...names.flatMap((name, i) => tagged(i, `t0-${name}`, i + 1)))
    tells(1, ['do', 0, { kind: 'store', name: 'd1' }, 0], ['did', 0, null, 2])
    tells(2, ['do', 0, { kind: 'store', name: 'd2' }, 0], ['did', 0, null, 2])
    take()
    expect(() => take(without('d1', 2))).toThrow("'d1'")
  })

  it('knows the version that only one can have made', () => {
    for (const [i, name] of ['d1', 'd2'].entries()) {
      db.store(name)
      db.tag(`t0-${i}`)
    }
    tells(0, ...tagged(0, 't0-0', 1), ...tagged(1, 't0-1', 2))
    tells(1, ['do', 0, { kind: 'store', name: 'd1' }, 0], ['did', 0, null, 1])
    // Under way when its thread was killed.
    tells(2, ['do', 0, { kind: 'store', name: 'd2' }, 0])
    take()
    expect(() => take(without('d1', 1))).toThrow("'d1'")
  })

  it('objects if it cannot have been made when it was', () => {
    db.put('p1/0', 1)
    db.store('d2')
    tells(1, ['do', 0, { kind: 'put', key: 'p1/0', value: 1 }, 0], ['did', 0, 1, 1])
    tells(2, ['do', 0, { kind: 'store', name: 'd2' }, 0], ['did', 0, null, 1])
    expect(take).toThrow('nobody has made version 2')
  })
})

describe('of the present', () => {
  it('objects if a commit that has returned is not there', () => {
    db.put('p1/0', 1)
    tells(1, ['do', 0, { kind: 'put', key: 'p1/0', value: 1 }, 0], ['did', 0, 1, 0])
    expect(take).toThrow('0 was the present after 1')
  })

  it('objects if it goes back', () => {
    db.put('p1/0', 1)
    const first = ['do', 0, { kind: 'put', key: 'p1/0', value: 1 }, 0]
    tells(1, first, ['did', 0, 1, 1], ['do', 1, { kind: 'abort' }, 0], ['did', 1, null, 1])
    expect(take).toThrow('the present was 0, after 1')
  })

  it('objects if a thread has failed', () => {
    db.put('p1/0', 1)
    tells(1, ['do', 0, { kind: 'delete', key: 'p1/0' }, 1], ['failed', 0, 'for some reason'])
    expect(take).toThrow('for some reason')
  })
})

/** Lines that tell of a tag. */
function tagged(n: number, name: string, at: number): unknown[][] {
  return [
    ['do', n, { kind: 'tag', name }, at],
    ['did', n, at, at],
  ]
}
