/**
 * What a thread reads indexes, queries and graphs with, made when it is first needed. No two calls use one at a time.
 */
import { EdgeKeys } from '../indexes/edge-key.js'
import { IndexKeyEncoder } from '../indexes/plain-paths.js'
import { KeyBuffer } from '../key/codec.js'
import { Path } from '../tree/search.js'
import { QueryParser } from './query.js'
import { Tester } from './tester.js'

export class QueryTools {
  #key: KeyBuffer | null = null
  #path: Path | null = null
  #floats: Float32Array | null = null
  #encoder: IndexKeyEncoder | null = null
  #parser: QueryParser | null = null
  #tester: Tester | null = null
  #edges: EdgeKeys | null = null

  /** A key of an index, for one look-up. */
  get key(): KeyBuffer {
    return (this.#key ??= new KeyBuffer())
  }

  /** A place in a tree, for one look. */
  get path(): Path {
    return (this.#path ??= new Path())
  }

  /** The words of the arena as 32-bit floats. */
  floatsOf(W: Uint32Array): Float32Array {
    return (this.#floats ??= new Float32Array(W.buffer, W.byteOffset, W.length))
  }

  get encoder(): IndexKeyEncoder {
    return (this.#encoder ??= new IndexKeyEncoder())
  }

  get parser(): QueryParser {
    return (this.#parser ??= new QueryParser(this.encoder))
  }

  get tester(): Tester {
    return (this.#tester ??= new Tester())
  }

  get edges(): EdgeKeys {
    return (this.#edges ??= new EdgeKeys())
  }
}
