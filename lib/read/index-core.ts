/**
 * An index as one handle sees it: a store whose keys are pairs of index key and key, read beside the store whose index
 * it is.
 *
 * A handle follows the index's name, as that of a store does: in a snapshot without its id it stands for the index that had the
 * name then, if that had the same definition. Where there is none, reads throw: an empty answer would be wrong.
 */
import type { DeepVersion } from '../engine/deep.js'
import { type Description, INDEX_KEYS, NAMES_STORE, nameOfIndex, UNNAMED } from '../engine/names.js'
import { ZVerseError } from '../errors.js'
import { GRAPH, type Known } from '../indexes/definition.js'
import { IndexEntryKeys, indexKeyWords } from '../indexes/entry-key.js'
import type { KeyBuffer, KeyCodec } from '../key/codec.js'
import type { ZOrderKeys } from '../key/zorder.js'
import { keyBytesOf } from '../memory/entry.js'
import { E_KEY } from '../memory/layout.js'
import { noValues } from '../value/none.js'
import { StoreCore } from './store-core.js'

export class IndexCore extends StoreCore {
  /** The store whose index it is. */
  readonly parent: StoreCore
  readonly known: Known

  constructor(parent: StoreCore, known: Known) {
    const keys = new IndexEntryKeys(known.defined, parent.keys) as KeyCodec
    super(parent.engine, known.id, nameOfIndex(known.of, known.name), keys, noValues())
    this.parent = parent
    this.known = known
  }

  /** The one of a store's handle for an index. */
  static of(parent: StoreCore, known: Known): IndexCore {
    const kept = parent.kept.get(known)
    if (kept !== undefined) return kept as IndexCore
    const made = new IndexCore(parent, known)
    parent.kept.set(known, made)
    return made
  }

  override get isIndex(): boolean {
    return true
  }

  override described(record: number): Description | undefined {
    const { parent } = this
    const isThere = parent.id === UNNAMED || parent.stateIn(record) !== 0
    if (!isThere) return undefined
    const of = parent.idIn(record)
    const found = this.engine.names.describe(record, nameOfIndex(of, this.known.name))
    return found !== undefined && this.#isSame(found) ? found : undefined
  }

  #isSame({ keys, values }: Description): boolean {
    return keys === INDEX_KEYS && values === this.known.defined.text
  }

  /** Root of the index's tree in `record`. @throws ZVerseError `ZVERSE_UNKNOWN_INDEX` */
  override rootIn(record: number): number {
    return super.rootIn(record, false)
  }

  override idAt(deep: DeepVersion): number {
    const { names } = this.engine
    const of = this.parent.idAt(deep)
    const found =
      of === null ? null : deep.find(NAMES_STORE, names.keyOf(nameOfIndex(of, this.known.name)))
    const description = found === null ? null : names.describeFound(found)
    if (description === null || !this.#isSame(description)) throw this.unknown()
    return description.id
  }

  override unknown(): ZVerseError {
    const { name } = this.known
    if (name !== GRAPH) return unknownIndex(name)
    const graph = JSON.stringify(this.parent.name)
    const message = `store ${graph} was no graph at that version: its edges have one end there`
    return new ZVerseError('ZVERSE_UNKNOWN_INDEX', message, { index: name })
  }

  /** Puts the key of the entry that a key of the index stands for into a buffer. */
  primaryOf(words: Uint32Array, entry: number, into: KeyBuffer): void {
    const at = entry + E_KEY
    const size = indexKeyWords(this.known.defined, words, at)
    into.bytes = keyBytesOf(words, entry) - size * 4
    const count = (into.bytes + 3) >>> 2
    for (let i = 0; i < count; i++) into.words[i] = words[at + size + i]
  }

  /** The point of a key of an index by place. */
  pointIn(words: Uint32Array, entry: number): unknown {
    return (this.known.defined.points as ZOrderKeys).decode(words, entry + E_KEY)
  }

  /** The key of the entry that a key of the index stands for. */
  primaryIn(words: Uint32Array, entry: number): unknown {
    const at = entry + E_KEY
    const size = indexKeyWords(this.known.defined, words, at)
    return this.parent.keys.decode(words, at + size, keyBytesOf(words, entry) - size * 4)
  }
}

export function unknownIndex(index: string): ZVerseError {
  const message = `there is no index ${JSON.stringify(index)} of this definition at that version`
  const remedy = 'define it, or read a version that has it'
  return new ZVerseError('ZVERSE_UNKNOWN_INDEX', `${message}: ${remedy}`, { index })
}

const handles = new WeakMap<object, IndexCore>()

/** Makes an object a handle of an index. */
export function registerIndex(handle: object, core: IndexCore): void {
  handles.set(handle, core)
}

/** The index that an object is a handle of. */
export function indexOf(handle: unknown): IndexCore | undefined {
  return handles.get(handle as object)
}
