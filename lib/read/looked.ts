/**
 * Entries as a query's terms test them: by paths in a value's bytes, while they may be read; where the caller's code runs, of the
 * decoded value. One for each iterator.
 */
import type { Encoded } from '../indexes/bytes.js'
import type { PathReader } from '../indexes/path.js'
import { PlainPaths } from '../indexes/plain-paths.js'
import { KeyBuffer } from '../key/codec.js'
import { copyKey } from '../memory/entry.js'
import type { Match, Term } from '../query/query.js'
import type { Candidate } from '../query/tester.js'
import type { Source } from './source.js'
import type { StoreCore } from './store-core.js'

export class Looked implements Candidate {
  readonly #core: StoreCore
  readonly #source: Source
  readonly #terms: readonly Term[]
  readonly #plain = new PlainPaths()
  /**
   * Values are decoded before they are tested: the caller's code runs, or there are no paths in their bytes.
   */
  readonly decodes: boolean
  /** The entry's key in bytes. */
  #primary: KeyBuffer | null = null
  key: unknown
  value: unknown
  reader: PathReader = this.#plain
  from = 0

  constructor(source: Source, terms: readonly Term[]) {
    const { values } = source.core
    this.#core = source.core
    this.#source = source
    this.#terms = terms
    const isEncoded = values.name === 'msgpack' || values.name === 'json'
    this.decodes = !isEncoded || terms.some(hasMatch)
  }

  get primary(): KeyBuffer {
    return (this.#primary ??= new KeyBuffer())
  }

  /** Takes an entry by its bytes. */
  open(words: Uint32Array, entry: number): void {
    const { engine, values } = this.#core
    const { after } = engine.values
    after.openIn(words, entry, values.name as Encoded)
    this.reader = after.reader
    this.from = after.from
  }

  /** Takes an entry and decodes it. */
  decode(words: Uint32Array, entry: number): void {
    copyKey(words, entry, this.primary)
    this.key = this.#core.keyIn(words, entry)
    // Last: a custom codec may run the caller's code.
    this.value = this.#core.valueIn(words, entry)
    this.reader = this.#plain
    this.from = this.#plain.take(this.value)
  }

  matches(match: Match): boolean {
    const result = match(this.value, this.key)
    // It may have closed the database, or ended the transaction.
    this.#source.gate()
    return Boolean(result)
  }

  /**
   * Tests the entry that was taken. What a custom codec has made may have getters, which must not call the
   * database.
   */
  holds(): boolean {
    const { engine, values } = this.#core
    const test = () => engine.tools.tester.holds(this.#terms, this)
    if (!this.decodes || values.pure || this.#terms.some(hasMatch)) return test()
    return engine.gate.guarded(test)
  }
}

function hasMatch(term: Term): boolean {
  if (term.kind === 'any') return term.branches.some(branch => branch.some(hasMatch))
  if (term.kind === 'not') return term.terms.some(hasMatch)
  return term.kind === 'match'
}
