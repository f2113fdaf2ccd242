/** The arena of a database that is opened: an empty one, as its options say. */
import { Arena } from '../memory/arena.js'
import {
  CACHE_FREEZES,
  CACHE_INDEXES,
  H_CACHE_BYTES,
  H_CACHE_FLAGS,
  H_CAPACITY,
  H_COMPRESS,
  H_GROUP_BYTES,
  H_LOCK_TIMEOUT,
  H_POINT_INDEX,
  H_POISON,
  H_UNITS,
  UNITS,
} from '../memory/layout.js'
import type { Settings } from '../options.js'
import { format } from './format.js'
import { writeBounds } from './past.js'

/** A store with at least this many keys has a point index: fewer fit one node of the tree. */
const INDEX_FROM = 65

/**
 * An arena with an empty database.
 * @param hooks of tests: see TestHooks
 * @param version its first version, and when that was made, ms since 1970
 */
export function newArena(
  settings: Settings,
  hooks: { readonly indexFrom?: number; readonly poison?: boolean; readonly units?: number },
  version: number,
  time: number,
): Arena {
  const bytes = Math.floor(settings.maxBytes / 4096) * 4096
  const keepers = settings.path === undefined ? 0 : 1
  const arena = format(Arena.reserve(bytes), settings.maxThreads, version, time, keepers)
  arena.words[H_LOCK_TIMEOUT] = settings.lockTimeout
  arena.words[H_POINT_INDEX] = settings.pointIndex ? (hooks.indexFrom ?? INDEX_FROM) : 0
  arena.floats[H_CACHE_BYTES / 2] = settings.cache.bytes
  const { freeze, indexes } = settings.cache
  arena.words[H_CACHE_FLAGS] = (freeze ? CACHE_FREEZES : 0) | (indexes ? CACHE_INDEXES : 0)
  arena.words[H_UNITS] = hooks.units ?? UNITS
  arena.words[H_POISON] = hooks.poison === true ? 1 : 0
  arena.words[H_GROUP_BYTES] = settings.queue.groupBytes
  arena.words.set(settings.queue.capacity, H_CAPACITY)
  const above = settings.compressAbove
  arena.words[H_COMPRESS] = above === Number.POSITIVE_INFINITY ? 0 : above + 1
  writeBounds(arena, settings.history)
  return arena
}
