/**
 * Tags: names for versions, in a tree of their own (layout.ts describes its entries).
 *
 * Readers look names up under FROM_ALL; one store of its root replaces the tree, and the nodes and
 * entries that it no longer has go to limbo. A record counts its tags and stays in the chain while it
 * has any. Tags sort by name in one half of the tree, by version in the other.
 */

import { Buffer } from 'node:buffer'
import { ZVerseError } from '../errors.js'
import { KeyBuffer, MAX_KEY_BYTES } from '../key/codec.js'
import { packBytes, unpackBytes } from '../key/pack.js'
import { acquire } from '../memory/atomic.js'
import { entryWords, keyBytesOf, valueAt, writeEntry } from '../memory/entry.js'
import { E_KEY, H_TAG_ROOT, R_VERSION, TAG_BY_NAME, TAG_BY_VERSION } from '../memory/layout.js'
import { timeOf, untilOf } from '../memory/record.js'
import { isWellFormed } from '../memory/text.js'
import { load48, store48 } from '../memory/words.js'
import { boundOf, Cursor } from '../tree/cursor.js'
import type { TreeEditor } from '../tree/editor.js'
import type { Tree } from '../tree/own-path.js'
import { find } from '../tree/search.js'
import type { Workspace } from '../tree/workspace.js'

/** Bytes of an entry's key before the name: the kind, and in one half the version. */
const BY_NAME = 1
const BY_VERSION = 9
/** Words of the value of a tag on a deep version: 0, then version, time and until. */
const DEEP_WORDS = 7

/** A tag in the tree. */
export interface Tag {
  readonly name: string
  readonly version: number
  /** Of that version, which the tag keeps in memory; 0 for a version of the deep past. */
  readonly record: number
  /** When the version was committed, and the one after it, ms since 1970. */
  readonly time: number
  readonly until: number
}

export class Tags {
  readonly #W: Uint32Array
  readonly #editor: TreeEditor
  readonly #space: Workspace
  readonly #key = new KeyBuffer()

  constructor(W: Uint32Array, editor: TreeEditor, space: Workspace) {
    this.#W = W
    this.#editor = editor
    this.#space = space
  }

  /** Root of the tree, to be read under FROM_ALL. */
  get root(): number {
    return acquire(this.#W, H_TAG_ROOT)
  }

  /** The tag `name`; undefined if there is none. */
  find(name: string): Tag | undefined {
    if (!this.#encode(TAG_BY_NAME, 0, name)) return undefined
    const entry = find(this.#W, this.root, this.#key.words, this.#key.bytes)
    return entry === 0 ? undefined : this.#tag(entry, name)
  }

  /** A tag of a version, in the tree below `root`; undefined if it has none. */
  findVersion(version: number, root = this.root): Tag | undefined {
    this.#encode(TAG_BY_VERSION, version, '')
    const range = { lower: boundOf(this.#key, false), upper: null, box: null }
    const entry = new Cursor(this.#W, root, range, false, 1).next()
    const tag = entry === 0 ? undefined : this.#tag(entry, this.#name(entry))
    return tag?.version === version ? tag : undefined
  }

  /** The newest tag that `accept`s. */
  lastBefore(accept: (tag: Tag) => boolean): Tag | undefined {
    const cursor = this.#byVersion(true)
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      const tag = this.#tag(entry, this.#name(entry))
      if (accept(tag)) return tag
    }
    return undefined
  }

  /** All tags, by version, then by name. */
  all(): Tag[] {
    const tags: Tag[] = []
    const cursor = this.#byVersion(false)
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      tags.push(this.#tag(entry, this.#name(entry)))
    }
    return tags
  }

  /** Adds a tag to the tree; the caller has removed one of that name. */
  add(tree: Tree, tag: Tag): void {
    this.#put(tree, TAG_BY_NAME, tag)
    this.#put(tree, TAG_BY_VERSION, tag)
  }

  /** Removes a tag that exists from the tree. */
  remove(tree: Tree, name: string, version: number): void {
    for (const kind of [TAG_BY_NAME, TAG_BY_VERSION]) {
      this.#encode(kind, version, name)
      if (this.#editor.locate(tree, this.#key) !== 0) this.#editor.remove(tree)
    }
  }

  /** Throws unless `name` can be a tag's name: not empty, not all digits, not too long. */
  check(name: unknown): asserts name is string {
    const wrong = (what: string) => {
      return new ZVerseError('ZVERSE_INVALID_OPTION', `a tag's name ${what}`, { option: 'name' })
    }
    if (typeof name !== 'string') throw wrong('must be a string')
    if (name === '') throw wrong('must not be empty')
    if (/^[0-9]+$/.test(name)) throw wrong('must not be all digits: those are versions')
    if (!isWellFormed(name)) throw wrong('must not have lone surrogates')
    if (!this.#encode(TAG_BY_VERSION, 0, name)) throw wrong(`is too long`)
  }

  #put(tree: Tree, kind: number, { name, version, record, time, until }: Tag): void {
    this.#encode(kind, version, name)
    const key = this.#key
    this.#editor.locate(tree, key)
    // A record tells the rest; of a deep version nothing else would.
    const words = new Uint32Array(record === 0 ? DEEP_WORDS : 1)
    words[0] = record
    if (record === 0)
      for (const [i, n] of [version, time, until].entries()) store48(words, 1 + 2 * i, n)
    const entry = this.#space.allocate(entryWords(key.bytes, words.byteLength))
    const value = { words, at: 0, length: words.byteLength, ascii: false }
    writeEntry(this.#W, entry, this.#space.version, key, value)
    this.#editor.insert(tree, entry)
  }

  #byVersion(reverse: boolean): Cursor {
    this.#encode(TAG_BY_VERSION, 0, '')
    const range = { lower: boundOf(this.#key, false), upper: null, box: null }
    return new Cursor(this.#W, this.root, range, reverse, Number.POSITIVE_INFINITY)
  }

  #tag(entry: number, name: string): Tag {
    const W = this.#W
    const at = valueAt(W, entry)
    const record = W[at]
    if (record === 0) {
      const [version, time, until] = [at + 1, at + 3, at + 5].map(word => load48(W, word))
      return { name, version, record, time, until }
    }
    const version = load48(W, record + R_VERSION)
    return { name, version, record, time: timeOf(W, record), until: untilOf(W, record) }
  }

  #name(entry: number): string {
    const W = this.#W
    const bytes = Buffer.alloc(keyBytesOf(W, entry))
    unpackBytes(W, entry + E_KEY, bytes.length, bytes)
    return bytes.toString('utf8', BY_VERSION)
  }

  /** Encodes a key of the tree; false where the name is too long or has lone surrogates. */
  #encode(kind: number, version: number, name: string): boolean {
    if (!isWellFormed(name)) return false
    const start = kind === TAG_BY_NAME ? BY_NAME : BY_VERSION
    const bytes = Buffer.alloc(start + Buffer.byteLength(name))
    if (bytes.length > MAX_KEY_BYTES) return false
    bytes[0] = kind
    if (kind === TAG_BY_VERSION) bytes.writeBigUInt64BE(BigInt(version), 1)
    bytes.write(name, start)
    packBytes(bytes, bytes.length, this.#key)
    return true
  }
}
