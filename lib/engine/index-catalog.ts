/**
 * The indexes of stores, as one version's catalog has them; one for each handle.
 *
 * An index is a store of its own, whose keys are index keys, each with the key of an entry behind it, and which has no values,
 * no graveyard and no point index. Its description in the catalog has its definition, so each version knows its own.
 */
import { type Defined, definedAs, type Known } from '../indexes/definition.js'
import { nodeBirth } from '../tree/node.js'
import { indexOfName, type Named, type Names } from './names.js'

export class IndexCatalog {
  readonly #W: Uint32Array
  readonly #names: Names
  /** The tree of names that was looked at last, by its root and the root's birth: no other has both. */
  #root = 0
  #birth = 0
  #known: ReadonlyMap<number, readonly Known[]>
  readonly #none: ReadonlyMap<number, readonly Known[]> = new Map()
  /** Definitions by their text: they are few. */
  readonly #defined = new Map<string, Defined>()

  constructor(W: Uint32Array, names: Names) {
    this.#W = W
    this.#names = names
    this.#known = this.#none
  }

  /** The indexes by store, in a published tree of names. Under an announced read, or the writer lock. */
  below(root: number): ReadonlyMap<number, readonly Known[]> {
    if (root === 0) return this.#none
    const birth = nodeBirth(this.#W, root)
    if (this.#root !== root || this.#birth !== birth) {
      this.#known = this.read(root)
      this.#root = root
      this.#birth = birth
    }
    return this.#known
  }

  /** The same, of a tree that may change. */
  read(root: number): ReadonlyMap<number, readonly Known[]> {
    const all = this.#names.indexes(root)
    if (all.length === 0) return this.#none
    const known = new Map<number, Known[]>()
    for (const named of all) {
      const index = this.knownAs(named)
      const others = known.get(index.of)
      if (others === undefined) known.set(index.of, [index])
      else others.push(index)
    }
    return known
  }

  /** An index by its name and description in the catalog. */
  knownAs({ name, description }: Named): Known {
    const found = indexOfName(name)
    if (found === null) throw new Error('zverse: assertion failed: the name is no index’s')
    return { ...found, id: description.id, defined: this.definedAs(description.values) }
  }

  /** The definition of a text. */
  definedAs(text: string): Defined {
    let defined = this.#defined.get(text)
    if (defined === undefined) {
      defined = definedAs(text)
      this.#defined.set(text, defined)
    }
    return defined
  }
}
