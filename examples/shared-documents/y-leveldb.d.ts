/** The part of y-leveldb that the example uses; its package has types but does not export them. */
declare module 'y-leveldb' {
  import type { Doc } from 'yjs'

  type Key = (string | number)[]

  export const keyEncoding: {
    buffer: boolean
    type: string
    encode(key: Key): Uint8Array
    decode(bytes: Uint8Array): Key
  }

  /** The stored updates of a document. Never writes. */
  export function getLevelUpdates(level: unknown, name: string): Promise<Uint8Array[]>

  /** A key for each document, its name second. */
  export function getAllDocsKeys(level: unknown): Promise<Key[]>

  export class LeveldbPersistence {
    constructor(location: string, options: { Level: unknown; levelOptions?: object })
    storeUpdate(name: string, update: Uint8Array): Promise<number | null>
    getYDoc(name: string): Promise<Doc>
    getAllDocNames(): Promise<string[]>
    flushDocument(name: string): Promise<void>
    clearDocument(name: string): Promise<void>
    destroy(): Promise<void>
  }
}
