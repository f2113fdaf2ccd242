/** Maps and sets by nodes, which are equal if their keys are: arrays and bytes by what they have. */
import type { KeyBuffer, KeyCodec } from '../key/codec.js'
import type { TupleKey } from '../key/tuple-writer.js'
import { nameOf } from '../memory/entry.js'
import type { StoreCore } from '../read/store-core.js'

export class NodeMap<T> {
  /** Scalars by themselves. */
  readonly #plain = new Map<TupleKey, T>()
  /** Others by their bytes. */
  readonly #others = new Map<string, T>()
  readonly #codec: KeyCodec
  readonly #key: KeyBuffer

  /** @param core of a store whose keys are tuples */
  constructor({ keys, engine }: StoreCore) {
    this.#codec = keys
    this.#key = engine.key
  }

  get size(): number {
    return this.#plain.size + this.#others.size
  }

  get(node: TupleKey): T | undefined {
    return isScalar(node) ? this.#plain.get(node) : this.#others.get(this.#nameOf(node))
  }

  has(node: TupleKey): boolean {
    return isScalar(node) ? this.#plain.has(node) : this.#others.has(this.#nameOf(node))
  }

  set(node: TupleKey, value: T): void {
    if (isScalar(node)) this.#plain.set(node, value)
    else this.#others.set(this.#nameOf(node), value)
  }

  /** A text that no other of the others has. */
  #nameOf(node: TupleKey): string {
    this.#codec.encode(node, this.#key)
    return nameOf(this.#key)
  }
}

/** True for what JavaScript compares by its value. */
export function isScalar(node: TupleKey): boolean {
  return typeof node !== 'object' || node === null
}
