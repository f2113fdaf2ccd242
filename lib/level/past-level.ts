/**
 * A level of one version: it pins that version, and refuses writes. Belongs to its thread.
 */
import type { View } from '../index.js'
import { LevelError, onLevel } from './errors.js'
import { ReadLevel } from './reads.js'
import { levelFacts, printed } from './shown.js'
import type { Pinned, Reads, Source } from './source.js'
import { type AnyLevel, assertOpen, type Root, viewOf, type When } from './travel.js'

/**
 * The part of the present level that a level of the past needs. With the whole type, compilers would compare
 * types that refer to each other without end, with results that depend on the order.
 */
type Parent<K, V> = AnyLevel &
  Root &
  Pick<ReadLevel<K, V>, 'keyEncoding' | 'valueEncoding' | 'supports'>

/** A read-only level of one version. */
export class PastLevel<K, V> extends ReadLevel<K, V> {
  readonly #parent: Parent<K, V>
  readonly #version: number
  #pinned: Pinned | null

  /** @internal Use `at`. */
  constructor(parent: Parent<K, V>, pinned: Pinned) {
    const encodings = { keyEncoding: parent.keyEncoding(), valueEncoding: parent.valueEncoding() }
    super(encodings, { permanence: parent.supports.permanence }, parent._sides)
    this.#parent = parent
    this.#version = pinned.version
    this.#pinned = pinned
    parent.attachResource(this)
  }

  at(when?: When): PastLevel<K, V> {
    assertOpen(this, this)
    return onLevel(() => new PastLevel(this.#parent, this._pin(viewOf(when))))
  }

  /** @internal */
  _start(): void {
    if (this.#pinned !== null) return
    assertOpen(this.#parent, this.#parent)
    this.#pinned = this._source.beginRead({ at: this.#version })
    this.#parent.attachResource(this)
  }

  /** @internal */
  _stop(): void {
    this.#pinned?.close()
    this.#pinned = null
    this.#parent.detachResource(this)
  }

  /** @internal */
  get _isThere(): boolean {
    return this.#pinned !== null
  }

  /** @internal */
  get _source(): Source {
    return this.#parent._source
  }

  /** @internal */
  get _reads(): Reads {
    return this.#pinned as Pinned
  }

  /** @internal */
  _pin(view?: View): Pinned {
    // `#pinned` may be all that keeps the version.
    const isOwn = view === undefined || view.at === this.#version
    return this._source.beginRead(isOwn ? { snapshot: this.#pinned as Pinned } : view)
  }

  /** @internal */
  async _put(): Promise<void> {
    this.#refuse()
  }

  /** @internal */
  async _del(): Promise<void> {
    this.#refuse()
  }

  /** @internal */
  async _batch(): Promise<void> {
    this.#refuse()
  }

  /** @internal */
  async _clear(): Promise<void> {
    this.#refuse()
  }

  #refuse(): never {
    const message = `Version ${this.#version} is past: it can only be read; write to the level itself`
    throw new LevelError('LEVEL_READONLY', message)
  }
}
printed(PastLevel, 'PastLevel', levelFacts)
