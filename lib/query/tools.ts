/**
 * What a thread reads indexes and queries with, made when it is first needed. No two calls use one at a time.
 */
import { IndexKeyEncoder } from '../indexes/plain-paths.js'
import { QueryParser } from './query.js'
import { Tester } from './tester.js'

export class QueryTools {
  #encoder: IndexKeyEncoder | null = null
  #parser: QueryParser | null = null
  #tester: Tester | null = null

  get encoder(): IndexKeyEncoder {
    return (this.#encoder ??= new IndexKeyEncoder())
  }

  get parser(): QueryParser {
    return (this.#parser ??= new QueryParser(this.encoder))
  }

  get tester(): Tester {
    return (this.#tester ??= new Tester())
  }
}
