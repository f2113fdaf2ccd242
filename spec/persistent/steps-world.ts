/** A persistent database that can be copied, its memory and its disk, for threads that die. */
import { expect } from 'vitest'
import type { Arena } from '../../lib/memory/arena.js'
import { attachWith } from '../../lib/zverse.js'
import type { Disk } from '../support/disk.js'
import { type Tracer, tracedArena } from '../threads/death/traced.js'
import { type Db, copyOf as handleOf, type Image } from '../threads/death/world.js'

/** Versions before the present one to look at: what is beyond may leave with the next commit only. */
const NEAR = 2

/** What can be read, as text: a line for each version that is near or has a tag. */
export function readable(db: Db): string {
  const near = db.versions().filter(({ version, tags }) => {
    return version >= db.version - NEAR || tags.length > 0
  })
  const versions = near.map(info => {
    const at = info.version
    const stores = db.stores({ at }).map(({ name }) => {
      // A store that was dropped would be made anew by asking for it.
      const isThere = db.stores().some(store => store.name === name)
      return [name, isThere ? [...db.store(name).getEntries({ at })] : []]
    })
    return JSON.stringify([info, ...db.getEntries({ at }), ...stores])
  })
  return [`version ${db.version}`, ...versions].join('\n')
}

/** Where `state` is among the states from `first` on; throws, telling what differs, if it is not there. */
export function placeOf(
  states: readonly string[],
  state: string,
  first: number,
  what: string,
): number {
  const at = states.indexOf(state, first)
  if (at >= 0) return at
  const others = states.slice(first).map(other => {
    const [theirs, mine] = [new Set(other.split('\n')), new Set(state.split('\n'))]
    const missing = [...theirs].filter(line => !mine.has(line))
    const added = [...mine].filter(line => !theirs.has(line))
    return [...missing.map(line => `- ${line}`), ...added.map(line => `+ ${line}`)].join('\n')
  })
  throw new Error(`${what}: not one of the states\n${others.join('\nnor\n')}`)
}

/** The present state of a database, to be copied. */
export function imageOf(db: Db): Image {
  db.share()
  const { engine, line } = db._test
  const { W } = engine
  const used = engine.epochs.allocator.touchedWords
  const contents = { version: 0, oldest: 0, versions: [], stores: new Map(), pinned: [], tags: [] }
  return { bytes: W.slice(0, used), maxBytes: W.length * 4, line, pins: 0, contents }
}

export function copyOf(image: Image): object {
  return { ...(handleOf(image) as object), path: '/db' }
}

/** A handle of a thread on a copy; its stores are counted by `tracer`, if there is one. */
export function attachTo(handle: object, threadId: number, files: Disk, tracer?: Tracer): Db {
  const traced = tracer === undefined ? {} : { wrap: (arena: Arena) => tracedArena(arena, tracer) }
  return attachWith(handle, undefined, { now: () => 5000, threadId, files, ...traced }) as Db
}

export function sound(db: Db): void {
  expect(db.check()).toMatchObject({ ok: true, problems: [], leakedBytes: 0 })
}
