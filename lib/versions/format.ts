/**
 * A new arena: its geometry, and version 0 in it.
 */

import { Allocator } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import {
  ALLOCATOR_AT,
  H_CURRENT,
  H_DESCRIPTORS_AT,
  H_FIRST_LINE,
  H_FIRST_PAGE,
  H_FLOOR,
  H_LAYOUT,
  H_MAGIC,
  H_MAX_THREADS,
  H_OLDEST,
  H_PAGES,
  H_PUBLISHED,
  H_RING_AT,
  H_RING_SIZE,
  H_TAIL,
  H_THREADS_AT,
  H_TIP,
  H_TRACKS_AT,
  LAYOUT,
  MAGIC,
  NO_REST,
  PAGE,
  R_ITEMS,
  R_STATE,
  R_VERSION,
  S_REST,
  SEGMENT,
  THREAD_WORDS,
  THREADS_AT,
  TRACK_WORDS,
} from '../memory/layout.js'
import { writeTime } from '../memory/record.js'
import { store48 } from '../memory/words.js'
import { Reserve, reservePages } from './reserve.js'
import { Versions } from './versions.js'

/** Pages of memory for each segment of the ring's directory: a version takes at least 64 bytes. */
const PAGES_PER_SEGMENT = 16

/**
 * Makes an empty database in a zeroed arena of whole pages.
 * @param version its first version (tests begin elsewhere than at 0)
 * @param time when that was made, ms since 1970
 * @param keepers lines for threads of zverse's own, beside `maxThreads`
 */
export function format(
  arena: Arena,
  maxThreads: number,
  version: number,
  time: number,
  keepers = 0,
): Arena {
  const W = arena.words
  const pages = Math.floor(arena.words.length / PAGE)
  const ringSize = 2 ** Math.max(2, Math.ceil(Math.log2(pages / PAGES_PER_SEGMENT)))
  W[H_MAGIC] = MAGIC
  W[H_LAYOUT] = LAYOUT
  W[H_PAGES] = pages
  W[H_MAX_THREADS] = maxThreads
  W[H_THREADS_AT] = THREADS_AT
  W[H_FIRST_LINE] = keepers
  W[H_TRACKS_AT] = THREADS_AT + (keepers + maxThreads) * THREAD_WORDS
  W[H_RING_AT] = roundUp(W[H_TRACKS_AT] + maxThreads * TRACK_WORDS)
  W[H_RING_SIZE] = ringSize
  W[H_DESCRIPTORS_AT] = roundUp(W[H_RING_AT] + ringSize)
  W[H_FIRST_PAGE] = roundUp(W[H_DESCRIPTORS_AT] + Allocator.descriptorWords(pages)) / PAGE
  const allocator = new Allocator(arena, ALLOCATOR_AT, W[H_DESCRIPTORS_AT], pages)
  allocator.format(W[H_FIRST_PAGE])
  new Reserve(W, allocator, pages).fill(reservePages(pages))
  const segment = allocator.allocate(PAGE)
  const record = allocator.allocate(R_ITEMS)
  W.fill(0, segment, segment + SEGMENT)
  W.fill(0, record, record + R_ITEMS)
  store48(W, record + R_VERSION, version)
  writeTime(W, record, time)
  W[record + R_STATE + S_REST] = NO_REST
  const versions = new Versions(arena)
  W[versions.directoryWord(version)] = segment
  versions.set(version, record)
  W[H_OLDEST] = version >>> 0
  // It only rises, by the difference of low words.
  W[H_FLOOR] = version >>> 0
  W[H_PUBLISHED] = version >>> 0
  W[H_TAIL] = record
  W[H_TIP] = record
  Atomics.store(W, H_CURRENT, record)
  return arena
}

function roundUp(words: number): number {
  return Math.ceil(words / PAGE) * PAGE
}
