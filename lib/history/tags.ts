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
import { isWellFormed } from '../memory/text.js'
import { load48 } from '../memory/words.js'
import { boundOf, Cursor } from '../tree/cursor.js'
import type { Tree, TreeEditor } from '../tree/editor.js'
import { find } from '../tree/search.js'
import type { Workspace } from '../tree/workspace.js'

/** Bytes of an entry's key before the name: the kind, and in one half the version. */
const BY_NAME = 1
const BY_VERSION = 9

/** A tag in the tree. */
export interface Tag {
  readonly name: string
  readonly version: number
  readonly record: number
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

  /** The record with the tag `name`; 0 if there is no such tag. */
  find(name: string): number {
    if (!this.#encode(TAG_BY_NAME, 0, name)) return 0
    const entry = find(this.#W, this.root, this.#key.words, this.#key.bytes)
    return entry === 0 ? 0 : this.#record(entry)
  }

  /** The record of a tagged version; 0 if it has no tag. */
  findVersion(version: number): number {
    this.#encode(TAG_BY_VERSION, version, '')
    const range = { lower: boundOf(this.#key, false), upper: null, box: null }
    const entry = new Cursor(this.#W, this.root, range, false, 1).next()
    if (entry === 0) return 0
    const record = this.#record(entry)
    return load48(this.#W, record + R_VERSION) === version ? record : 0
  }

  /** The newest tagged record that `accept`s; 0 if none does. */
  lastBefore(accept: (record: number) => boolean): number {
    const cursor = this.#byVersion(true)
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      const record = this.#record(entry)
      if (accept(record)) return record
    }
    return 0
  }

  /** All tags, by version, then by name. */
  all(): Tag[] {
    const tags: Tag[] = []
    const cursor = this.#byVersion(false)
    for (let entry = cursor.next(); entry !== 0; entry = cursor.next()) {
      const record = this.#record(entry)
      const version = load48(this.#W, record + R_VERSION)
      tags.push({ name: this.#name(entry), version, record })
    }
    return tags
  }

  /** Adds a tag to the tree; the caller has removed one of that name. */
  add(tree: Tree, name: string, version: number, record: number): void {
    this.#put(tree, TAG_BY_NAME, name, version, record)
    this.#put(tree, TAG_BY_VERSION, name, version, record)
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

  #put(tree: Tree, kind: number, name: string, version: number, record: number): void {
    this.#encode(kind, version, name)
    const key = this.#key
    this.#editor.locate(tree, key)
    const entry = this.#space.allocate(entryWords(key.bytes, 4))
    const value = { words: Uint32Array.of(record), at: 0, length: 4, ascii: false }
    writeEntry(this.#W, entry, this.#space.version, key, value)
    this.#editor.insert(tree, entry)
  }

  #byVersion(reverse: boolean): Cursor {
    this.#encode(TAG_BY_VERSION, 0, '')
    const range = { lower: boundOf(this.#key, false), upper: null, box: null }
    return new Cursor(this.#W, this.root, range, reverse, Number.POSITIVE_INFINITY)
  }

  #record(entry: number): number {
    return this.#W[valueAt(this.#W, entry)]
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
