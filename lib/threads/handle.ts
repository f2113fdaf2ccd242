/**
 * The handle that one thread passes to another so that both use the same database: the arena and the
 * names of the codecs. A plain object that structured cloning takes; any thread may make or take one.
 */
import { types } from 'node:util'
import { ZVerseError } from '../errors.js'
import { Arena } from '../memory/arena.js'
import { H_LAYOUT, H_MAGIC, H_SHARED, LAYOUT, MAGIC, PAGE } from '../memory/layout.js'
import { brief, Printed, type Shown, shown } from '../memory/shown.js'
import { invalidOption } from '../options.js'

/** Made by `share`, taken by `attach`: pass it on as it is, to any number of threads. */
export interface Handle<K = unknown, V = unknown> {
  readonly format: 'zverse'
  readonly layout: number
  readonly buffer: SharedArrayBuffer
  /** Names of the codecs of the unnamed store. */
  readonly keys: string
  readonly values: string
  /** Never there: carries types only. */
  readonly '~types'?: { key: K; value: V }
}

/** A handle that prints itself in short; structured cloning makes a plain object of it. */
class Shared extends Printed implements Handle<never, never> {
  readonly format = 'zverse'
  readonly layout = LAYOUT
  readonly buffer: SharedArrayBuffer
  readonly keys: string
  readonly values: string

  constructor(buffer: SharedArrayBuffer, keys: string, values: string) {
    super()
    this.buffer = buffer
    this.keys = keys
    this.values = values
  }

  _shown(): Shown {
    return shown('Handle', () => {
      const { layout, keys, values, buffer } = this
      return { layout, keys: brief(keys), values: brief(values), bytes: buffer.byteLength }
    })
  }
}

/** A handle on `arena`; from now on readers of the arena announce their reads. */
export function makeHandle(arena: Arena, keys: string, values: string): Handle<never, never> {
  Atomics.store(arena.words, H_SHARED, 1)
  return new Shared(arena.buffer, keys, values)
}

/**
 * Checks a handle that came from another thread.
 * @throws ZVerseError `ZVERSE_INVALID_OPTION` if it is no handle, `ZVERSE_FORMAT` if its layout is another
 */
export function openHandle(handle: unknown): { arena: Arena; keys: string; values: string } {
  const given = (typeof handle === 'object' && handle !== null ? handle : {}) as Partial<Handle>
  const { format, layout, buffer, keys, values } = given
  const named = typeof keys === 'string' && typeof values === 'string'
  if (format !== 'zverse' || !types.isSharedArrayBuffer(buffer) || !named) {
    throw invalidOption('handle', 'must come from share()')
  }
  if (layout !== LAYOUT) throw otherLayout(layout)
  const bytes = Arena.bytesIn(buffer)
  if (bytes < 4 * PAGE || bytes % (4 * PAGE) !== 0) {
    throw invalidOption('handle', 'must come from share(): there is no database in its buffer')
  }
  const arena = new Arena(buffer)
  const W = arena.words
  if (W[H_MAGIC] !== MAGIC) {
    throw invalidOption('handle', 'must come from share(): there is no database in its buffer')
  }
  if (W[H_LAYOUT] !== LAYOUT) throw otherLayout(W[H_LAYOUT])
  return { arena, keys, values }
}

function otherLayout(found: unknown): ZVerseError {
  const message =
    `the handle has memory layout ${String(found)}, this version of zverse ${LAYOUT}: ` +
    'load the same version in all threads'
  return new ZVerseError('ZVERSE_FORMAT', message)
}
