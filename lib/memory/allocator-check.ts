/**
 * Checks the structure of the allocator, and rebuilds it after a crash.
 *
 * For allocator.ts only, under the writer lock; slow, and free to make JS objects. `inspect` reads
 * everything and trusts nothing, not even that lists end. `rebuild` trusts what pages.ts says can
 * be trusted: FIRST, MARK, and the STATE words of slabs and blocks in which something lives.
 *
 * 1. `inspect` writes nothing and ends, whatever the words say.
 * 2. `rebuild` writes no STATE of a slab or block that holds something live other than what it
 *    already is, and PHASE = 0 last: a rebuild that was killed midway can be begun again.
 */

import { assert } from '../errors.js'
import * as pages from './pages.js'
import { CAPACITIES, CLASSES, PAGE_WORDS, SIZES, SLAB_PAGES } from './sizes.js'

const { STATE, FIRST_SLOT, USED, CARVED, PREV, NEXT, DESCRIPTOR_WORDS } = pages
const { FREE, TAIL, SLAB, RUN, PART, KINDS } = pages
const { PHASE, FIRST, MARK, FREE_PAGES, FREE_WORDS, EMPTY, OCCUPIED } = pages

/** `inspect` names at most this many problems: one broken link makes thousands. */
const MOST_PROBLEMS = 100

type Used = (ref: number, words: number) => void
type IsLive = (ref: number) => boolean

/** What the walk over the pages found: by descriptor. */
interface Found {
  readonly pages: pages.Pages
  readonly used: Used
  readonly problems: string[]
  /** Free runs: their pages. */
  readonly free: Map<number, number>
  /** Slabs with room: their class. */
  readonly roomy: Map<number, number>
  freePages: number
  freeWords: number
  empty: number
}

/** Names each used block, and returns what is wrong. */
export function inspect(table: pages.Pages, used: Used): string[] {
  const problems: string[] = []
  const empty = { free: new Map(), roomy: new Map(), freePages: 0, freeWords: 0, empty: 0 }
  const found: Found = { pages: table, used, problems, ...empty }
  if (walkPages(found)) {
    checkLists(found)
    checkBins(found)
    checkCounters(found)
  }
  return problems
}

function complain(found: Found, what: string): void {
  if (found.problems.length < MOST_PROBLEMS) found.problems.push(`allocator: ${what}`)
}

/** Whether the pages could be walked to the mark, which everything else depends on. */
function walkPages(found: Found): boolean {
  const { words: W, at, pageCount } = found.pages
  const mark = W[at + MARK]
  const first = W[at + FIRST]
  if (first < 1 || first > mark || mark > pageCount) {
    complain(found, `pages ${first} … ${mark} of ${pageCount}`)
    return false
  }
  let afterFree = false
  for (let page = first; page < mark; ) {
    const descriptor = found.pages.descriptor(page)
    const state = W[descriptor + STATE]
    const count = extent(state)
    if (count < 1 || count > mark - page) {
      complain(found, `page ${page} has state ${state & 7}:${state >>> 3}`)
      return false
    }
    const isFree = (state & 7) === FREE
    if (isFree && afterFree) complain(found, `free runs touch at page ${page}`)
    afterFree = isFree
    if (isFree) visitFree(found, page, count)
    else if ((state & 7) === SLAB) visitSlab(found, page, state >>> 3)
    else visitRun(found, page, count)
    page += count
  }
  return true
}

/** Pages of the run, slab or block whose first page has such a STATE; 0: none can have it. */
function extent(state: number): number {
  const kind = state & 7
  const value = state >>> 3
  if (kind === SLAB) return value < CLASSES ? SLAB_PAGES[value] : 0
  return kind === FREE || kind === RUN ? value : 0
}

function visitFree(found: Found, page: number, count: number): void {
  const W = found.pages.words
  found.free.set(found.pages.descriptor(page), count)
  found.freePages += count
  found.freeWords += count * PAGE_WORDS
  if (count > 1 && W[found.pages.descriptor(page + count - 1) + STATE] !== TAIL + KINDS * count) {
    complain(found, `free run at page ${page} has a wrong tail`)
  }
}

function visitRun(found: Found, page: number, count: number): void {
  const last = found.pages.descriptor(page + count - 1)
  if (count > 1 && found.pages.words[last + STATE] !== PART + KINDS * (count - 1)) {
    complain(found, `block at page ${page} has a wrong last page`)
  }
  found.used(page * PAGE_WORDS, count * PAGE_WORDS)
}

function visitSlab(found: Found, page: number, index: number): void {
  const W = found.pages.words
  const slab = found.pages.descriptor(page)
  const size = SIZES[index]
  const capacity = CAPACITIES[index]
  const [used, carved] = [W[slab + USED], W[slab + CARVED]]
  const name = `slab at page ${page} of ${size} words`
  for (let i = 1; i < SLAB_PAGES[index]; i++) {
    const state = W[slab + i * DESCRIPTOR_WORDS + STATE]
    if (state !== PART + KINDS * i) complain(found, `${name}: page ${i} is not part of it`)
  }
  if (carved > capacity || used > carved) {
    complain(found, `${name}: ${used} used, ${carved} carved of ${capacity}`)
    return
  }
  const start = page * PAGE_WORDS
  const free = new Set<number>()
  for (let slot = W[slab + FIRST_SLOT]; slot !== 0; slot = W[slot]) {
    const at = (slot - start) / size
    if (!Number.isInteger(at) || at < 0 || at >= carved) {
      complain(found, `${name}: free list leads to ${slot}`)
      break
    }
    if (free.has(at)) {
      complain(found, `${name}: free list is a cycle at ${slot}`)
      break
    }
    free.add(at)
  }
  if (free.size + used !== carved) {
    complain(found, `${name}: ${used} used and ${free.size} free of ${carved}`)
  }
  for (let i = 0; i < carved; i++) if (!free.has(i)) found.used(start + i * size, size)
  if (used < capacity) found.roomy.set(slab, index)
  if (used === 0) found.empty++
  found.freeWords += (capacity - used) * size
}

/** The members of a ring, checked: each known to `expected`, linked back, none twice. */
function ring(found: Found, sentinel: number, name: string, known: Map<number, number>): number[] {
  const W = found.pages.words
  const members = new Set<number>()
  let previous = sentinel
  for (let d = W[sentinel + NEXT]; d !== sentinel; d = W[d + NEXT]) {
    if (!known.has(d) || members.has(d)) {
      complain(found, `${name} ${members.has(d) ? 'is a cycle' : 'leads astray'} at ${d}`)
      return [...members]
    }
    if (W[d + PREV] !== previous) complain(found, `${name}: ${d} does not lead back`)
    members.add(d)
    previous = d
  }
  if (W[sentinel + PREV] !== previous) complain(found, `${name} does not lead back`)
  return [...members]
}

function checkLists(found: Found): void {
  const W = found.pages.words
  let listed = 0
  for (let index = 0; index < CLASSES; index++) {
    const name = `list of ${SIZES[index]} words`
    const members = ring(found, found.pages.list(index), name, found.roomy)
    listed += members.length
    members.forEach((slab, i) => {
      if (found.roomy.get(slab) !== index) complain(found, `${name} has a slab of another class`)
      const last = i === members.length - 1
      if (W[slab + USED] === 0 && !last) complain(found, `${name} has an empty slab within`)
    })
  }
  if (listed !== found.roomy.size) {
    complain(found, `${found.roomy.size} slabs have room, ${listed} are in lists`)
  }
}

function checkBins(found: Found): void {
  const { words: W, at } = found.pages
  let binned = 0
  for (let index = 0; index < pages.BIN_COUNT; index++) {
    const name = `bin ${index}`
    const members = ring(found, found.pages.bin(index), name, found.free)
    binned += members.length
    for (const run of members) {
      const count = found.free.get(run) ?? 0
      if (pages.binOf(count) !== index) complain(found, `${name} has a run of ${count} pages`)
    }
    const bit = (W[at + OCCUPIED + (index >>> 5)] >>> (index & 31)) & 1
    if (bit !== Number(members.length > 0)) complain(found, `${name}: its bit is ${bit}`)
  }
  if (binned !== found.free.size) {
    complain(found, `${found.free.size} free runs, ${binned} are in bins`)
  }
}

function checkCounters(found: Found): void {
  const { words: W, at } = found.pages
  const check = (name: string, offset: number, expected: number) => {
    if (W[at + offset] !== expected) complain(found, `${name} ${W[at + offset]} not ${expected}`)
  }
  check('free pages', FREE_PAGES, found.freePages)
  check('free words', FREE_WORDS, found.freeWords)
  check('empty slabs', EMPTY, found.empty)
  check('phase', PHASE, 0)
}

/** Rebuilds every list, bin and counter from which blocks are live. */
export function rebuild(table: pages.Pages, isLive: IsLive): void {
  const { words: W, at, pageCount } = table
  W[at + PHASE] = 1
  table.clear()
  assert(W[at + FIRST] >= 1 && W[at + FIRST] <= W[at + MARK], 'pages begin below the mark')
  assert(W[at + MARK] <= pageCount, 'the mark is within the arena')
  const mark = W[at + MARK]
  let free = W[at + FIRST]
  for (let page = free; page < mark; ) {
    const count = restore(table, page, isLive)
    if (count > 0 && page > free) table.give(free, page - free)
    page += count || 1
    if (count > 0) free = page
  }
  if (mark > free) table.give(free, mark - free)
  W[at + PHASE] = 0
}

/** Restores the slab or block that begins at a page, if something in it is live. Returns its pages, or 0. */
function restore(table: pages.Pages, page: number, isLive: IsLive): number {
  const { words: W, at } = table
  const descriptor = table.descriptor(page)
  const state = W[descriptor + STATE]
  const count = extent(state)
  if (count < 1 || count > W[at + MARK] - page) return 0
  if ((state & 7) === SLAB) return restoreSlab(table, page, state >>> 3, isLive)
  if ((state & 7) !== RUN || !isLive(page * PAGE_WORDS)) return 0
  if (count > 1) W[descriptor + (count - 1) * DESCRIPTOR_WORDS + STATE] = PART + KINDS * (count - 1)
  return count
}

/** Whether a page is part of a slab: the slab's STATE may be stale, and then the page's own decides. */
function belongs(table: pages.Pages, page: number, distance: number): boolean {
  const state = table.words[table.descriptor(page + distance) + STATE]
  return distance === 0 || state === PART + KINDS * distance
}

function restoreSlab(table: pages.Pages, page: number, index: number, isLive: IsLive): number {
  const { words: W, at } = table
  const size = SIZES[index]
  const capacity = CAPACITIES[index]
  const start = page * PAGE_WORDS
  const live: boolean[] = []
  let used = 0
  for (let i = 0; i < capacity; i++) {
    const ours = belongs(table, page, Math.floor((i * size) / PAGE_WORDS))
    if (!ours || !isLive(start + i * size)) continue
    live[i] = true
    used++
  }
  if (used === 0) return 0
  const slab = table.descriptor(page)
  let first = 0
  // Backwards, so that the list runs in address order; what lies above the last is not carved.
  for (let i = live.length - 1; i >= 0; i--) {
    if (live[i]) continue
    W[start + i * size] = first
    first = start + i * size
  }
  W[slab + FIRST_SLOT] = first
  W[slab + USED] = used
  W[slab + CARVED] = live.length
  if (used < capacity) table.link(slab, table.list(index))
  W[at + FREE_WORDS] += (capacity - used) * size
  return SLAB_PAGES[index]
}
