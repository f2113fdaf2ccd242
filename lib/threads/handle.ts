/**
 * The handle that one thread passes to another so that both use the same database: the arena and the
 * names of the codecs. A plain object that structured cloning takes; any thread may make or take one.
 */
import { types } from 'node:util'
import { ZVerseError } from '../errors.js'
import { Arena } from '../memory/arena.js'
import {
  H_LAYOUT,
  H_MAGIC,
  H_SHARED,
  H_SYNC,
  LAYOUT,
  MAGIC,
  PAGE,
  SYNC_NONE,
} from '../memory/layout.js'
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
  /** Persistent mode: the directory. */
  readonly path?: string | undefined
  /** Never there: carries types only. */
  readonly '~types'?: { key: K; value: V }
}

/** What a handle leads to. */
export interface OpenHandle {
  readonly arena: Arena
  readonly keys: string
  readonly values: string
  readonly path: string | undefined
}

/** A handle that prints itself in short; structured cloning makes a plain object of it. */
class Shared extends Printed implements Handle<never, never> {
  readonly format = 'zverse'
  readonly layout = LAYOUT
  readonly buffer: SharedArrayBuffer
  readonly keys: string
  readonly values: string
  readonly path: string | undefined

  constructor(buffer: SharedArrayBuffer, keys: string, values: string, path: string | undefined) {
    super()
    this.path = path
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
export function makeHandle(
  arena: Arena,
  keys: string,
  values: string,
  path: string | undefined,
): Handle<never, never> {
  Atomics.store(arena.words, H_SHARED, 1)
  return new Shared(arena.buffer, keys, values, path)
}

/**
 * Checks a handle that came from another thread.
 * @throws ZVerseError `ZVERSE_INVALID_OPTION` if it is no handle, `ZVERSE_FORMAT` if its layout is another
 */
export function openHandle(handle: unknown): OpenHandle {
  const given = (typeof handle === 'object' && handle !== null ? handle : {}) as Partial<Handle>
  const { format, layout, buffer, keys, values, path } = given
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
  if ((typeof path === 'string') !== (W[H_SYNC] !== SYNC_NONE)) {
    throw invalidOption('handle', 'must come from share() as it is: its path is another one')
  }
  return { arena, keys, values, path }
}

function otherLayout(found: unknown): ZVerseError {
  const message =
    `the handle has memory layout ${String(found)}, this version of zverse ${LAYOUT}: ` +
    'load the same version in all threads'
  return new ZVerseError('ZVERSE_FORMAT', message)
}
