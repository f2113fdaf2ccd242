/**
 * The operations of a batch, checked and encoded before the writer lock is taken.
 *
 * All keys and values go to one growing array of words, so a large batch costs few objects.
 */
import { granted } from '../memory/granted.js'
import { checkNames, invalidOption } from '../options.js'
import type { Draft } from './draft.js'
import type { StoreCore } from './store-core.js'
import { isVersion } from './view.js'
import type { Writer } from './writer.js'

/** One operation of a batch. */
export type Operation<K, V> =
  | { type: 'put'; key: K; value: V; ifVersion?: number | null | undefined }
  | { type: 'del'; key: K; ifVersion?: number | null | undefined }

/** What a put or a delete takes. */
export interface Condition {
  /** Only if the entry's version is this; `null`: only if the key is absent. */
  ifVersion?: number | null | undefined
}

const IS_PUT = 1
const IS_ASCII = 2
/** Words before the key: flags, key bytes, value bytes. */
const HEAD = 3

/** Checks `ifVersion` among `options`. */
export function conditionIn(given: Record<string, unknown>): number | null | undefined {
  const { ifVersion } = given
  if (ifVersion !== undefined && ifVersion !== null && !isVersion(ifVersion)) {
    throw invalidOption('ifVersion', 'must be a version, or null for an absent key')
  }
  return ifVersion as number | null | undefined
}

export class Operations {
  #words = new Uint32Array(1024)
  #used = 0
  readonly #conditions: (number | null | undefined)[] = []

  /** @throws ZVerseError for the first operation that is wrong */
  constructor(core: StoreCore, operations: unknown) {
    if (!Array.isArray(operations)) throw invalidOption('operations', 'must be an array')
    for (let i = 0; i < operations.length; i++) this.#add(core, operations[i], i)
  }

  #add(core: StoreCore, operation: unknown, i: number): void {
    if (typeof operation !== 'object' || operation === null) {
      throw invalidOption(`operations[${i}]`, 'must be an object with type and key')
    }
    const names = ['type', 'key', 'value', 'ifVersion']
    const given = checkNames(operation, names, `operations[${i}]`)
    const { type, key, value, ifVersion } = given
    if (type !== 'put' && type !== 'del') {
      throw invalidOption(`operations[${i}].type`, "must be 'put' or 'del'")
    }
    this.#conditions.push(conditionIn({ ifVersion }))
    const { engine } = core
    let length = 0
    let flags = 0
    if (type === 'put') {
      const encoded = core.encodeValue(value)
      length = encoded.length
      flags = IS_PUT + (encoded.ascii ? IS_ASCII : 0)
    }
    core.encodeKey(key, engine.key)
    const { bytes, words } = engine.key
    const keyWords = (bytes + 3) >>> 2
    const valueWords = Math.ceil(length / 4)
    this.#reserve(HEAD + keyWords + valueWords)
    const at = this.#used
    const all = this.#words
    all[at] = flags
    all[at + 1] = bytes
    all[at + 2] = length
    for (let k = 0; k < keyWords; k++) all[at + HEAD + k] = words[k]
    all.set(engine.value.words.subarray(0, valueWords), at + HEAD + keyWords)
    this.#used = at + HEAD + keyWords + valueWords
  }

  #reserve(words: number): void {
    const needed = this.#used + words
    if (needed <= this.#words.length) return
    const room = Math.max(needed, this.#words.length * 2)
    const larger = granted('a batch', () => new Uint32Array(room))
    larger.set(this.#words.subarray(0, this.#used))
    this.#words = larger
  }

  /** Applies all of them, in order. */
  apply(writer: Writer, draft: Draft, core: StoreCore): void {
    const { key } = core.engine
    const all = this.#words
    let at = 0
    for (const condition of this.#conditions) {
      const flags = all[at]
      const length = all[at + 2]
      key.bytes = all[at + 1]
      const keyWords = (key.bytes + 3) >>> 2
      for (let k = 0; k < keyWords; k++) key.words[k] = all[at + HEAD + k]
      at += HEAD + keyWords
      if ((flags & IS_PUT) !== 0) {
        const ascii = (flags & IS_ASCII) !== 0
        writer.put(draft, key, { words: all, at, length, ascii }, condition)
      } else {
        writer.delete(draft, key, condition)
      }
      at += Math.ceil(length / 4)
    }
  }
}
