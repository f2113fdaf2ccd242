/** How rows of files become entries: the options of `load`. */
import type { KeyForm, ValueForm } from '../literals.js'

export interface Mapping {
  /** The fields that make the key, and the field that is the value; without one the whole row is. */
  readonly key: readonly string[]
  readonly value: string | undefined
  /** Leave the key's fields out of the row. */
  readonly dropKey: boolean
  /** CSV: no numbers, only text. */
  readonly text: boolean
  readonly keys: KeyForm
  readonly values: ValueForm
}

export interface Entry {
  readonly key: unknown
  readonly value: unknown
}
