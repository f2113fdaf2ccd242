/** What differs in an index between two versions, each of which lies in memory or in the deep past. */
import type { TupleKey } from '../key/tuple-writer.js'
import type { Held } from '../read/held.js'
import type { IndexCore } from '../read/index-core.js'
import type { Feed } from '../read/iterator.js'
import { Differing, sideOf, storeIn } from '../read/sides.js'
import type { Range } from '../tree/cursor.js'
import { DiffCursor } from '../tree/diff.js'

/** A key that has come into an index, or gone. */
export interface IndexDifference<K, I = TupleKey> {
  /** The index key. */
  key: I
  /** The key of the entry. */
  primary: K
  type: 'in' | 'out'
}

/** Gives the next difference to `use`; false at the end. */
type Next = (use: (words: Uint32Array, entry: number, isIn: boolean) => void) => boolean

export class IndexDifferences implements Feed {
  readonly isPaired = false
  readonly #core: IndexCore
  readonly #next: Next
  readonly #isReverse: boolean
  #left: number
  /** Under reverse: all of them, found before the first is given. */
  #all: unknown[] | null = null

  constructor(
    core: IndexCore,
    before: Held,
    after: Held,
    range: Range,
    { reverse, limit }: { reverse: boolean; limit: number },
  ) {
    this.#core = core
    this.#isReverse = reverse
    this.#left = limit
    const isDeep = before.deep >= 0 || after.deep >= 0
    this.#next = isDeep ? deep(core, before, after, range) : inMemory(core, before, after, range)
  }

  fill(first: unknown[]): number {
    if (this.#left-- <= 0) return 0
    if (this.#isReverse) this.#all ??= this.#read()
    const item = this.#all === null ? this.#one() : this.#all.pop()
    if (item === undefined) return 0
    first[0] = item
    return 1
  }

  #read(): unknown[] {
    const all: unknown[] = []
    for (let item = this.#one(); item !== undefined; item = this.#one()) all.push(item)
    return all
  }

  #one(): IndexDifference<unknown> | undefined {
    let item: IndexDifference<unknown> | undefined
    this.#next((words, entry, isIn) => {
      const [key, primary] = this.#core.keyIn(words, entry) as [TupleKey, unknown]
      item = { key, primary, type: isIn ? 'in' : 'out' }
    })
    return item
  }
}

function inMemory(core: IndexCore, before: Held, after: Held, range: Range): Next {
  const { W } = core.engine
  const cursor = new DiffCursor(W, before.root, after.root, range)
  return use => {
    // An entry that was written anew, as a restore may, is no difference.
    while (cursor.next()) {
      if (cursor.before !== 0 && cursor.after !== 0) continue
      const isIn = cursor.before === 0
      use(W, isIn ? cursor.after : cursor.before, isIn)
      return true
    }
    return false
  }
}

function deep(core: IndexCore, before: Held, after: Held, range: Range): Next {
  const { engine } = core
  const [a, b] = [sideOf(engine, before), sideOf(engine, after)]
  const walk = new Differing(engine, a, b, range, oldest => [
    storeIn(core, a, oldest),
    storeIn(core, b, oldest),
  ])
  return use => {
    for (;;) {
      let isOne = false
      const more = walk.few(1, ({ before: old, after: found }) => {
        if (old !== null && found !== null) return
        const { words, entry } = (found ?? old) as { words: Uint32Array; entry: number }
        isOne = true
        use(words, entry, found !== null)
      })
      if (isOne || !more) return isOne
    }
  }
}
