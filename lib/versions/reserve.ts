/**
 * The reserve: pages reserved so that a full database can still delete and clear.
 *
 * A chain of single pages, wherever there is a gap: random deletions leave no run of any length.
 * For the owner of the writer lock, with H_PHASE set; recovery drops the chain unread. A page:
 *
 *      0 next page of the chain (0: the last)   1 pages from this one on
 *
 * 1. The count lies in the page that HEAD leads to: one store changes both.
 * 2. A page is in the chain only while nothing else uses it: it is linked after it was allocated, and
 *    freed after it was unlinked. A death in between leaves the page to recovery, which frees it.
 * 3. One page serves any request of up to a page, for blocks of any size serve by then
 *    (Allocator.waste). A delete asks for nothing larger but a tombstone, and can do without that.
 */
import type { Allocator } from '../memory/allocator.js'
import { H_RESERVE } from '../memory/layout.js'

const NEXT = 0
const COUNT = 1

/** Pages of a delete beside its path: record, lists, catalog and state, ring segment; two to spare. */
const BESIDE_PATH = 6
/** Pages below the least that a transaction which adds something may get for its record and lists. */
export const CLOSING_PAGES = 3
/** No entry is smaller; no tree is thinner for long: neighbours merge at N_MIN. In powers of two. */
const ENTRIES_IN_PAGE = 7
const LEAST_FAN = 4

/** Pages reserved in an arena of so many: for clearing thousands of keys in one commit. */
export function reservePages(pages: number): number {
  return Math.min(40, Math.max(8, Math.floor(pages / 16)))
}

/**
 * Pages without which nothing may be added: a delete takes so many at worst, each node on its path
 * being of another size and so in a page of its own.
 */
export function leastPages(pages: number): number {
  const height = Math.ceil((Math.log2(pages) + ENTRIES_IN_PAGE) / LEAST_FAN)
  return Math.min(reservePages(pages), height + BESIDE_PATH)
}

export class Reserve {
  /** Pages of a full reserve, and the fewest with which something may be added. */
  readonly most: number
  readonly least: number
  /** Pages below this are for nodes and records, which cannot be in pieces. */
  readonly half: number

  readonly #W: Uint32Array
  readonly #allocator: Allocator

  /** @param pages of the arena */
  constructor(W: Uint32Array, allocator: Allocator, pages: number) {
    this.#W = W
    this.#allocator = allocator
    this.most = reservePages(pages)
    this.least = leastPages(pages)
    this.half = Math.ceil((this.most + this.least) / 2)
  }

  /** Reserved pages. */
  get pages(): number {
    const W = this.#W
    const head = W[H_RESERVE]
    return head === 0 ? 0 : W[head + COUNT]
  }

  /** True if the reserve suffices for a delete. */
  get suffices(): boolean {
    return this.pages >= this.least
  }

  /** Reserves free pages, up to `pages` in all, from the smallest gaps on. */
  fill(pages: number): void {
    const W = this.#W
    for (let count = this.pages; count < pages; ) {
      const page = this.#allocator.allocatePages(1)
      if (page === 0) return
      W[page + NEXT] = W[H_RESERVE]
      W[page + COUNT] = ++count
      W[H_RESERVE] = page
    }
  }

  /** Frees a page; false if there is none. */
  give(): boolean {
    const W = this.#W
    const page = W[H_RESERVE]
    if (page === 0) return false
    W[H_RESERVE] = W[page + NEXT]
    this.#allocator.free(page)
    return true
  }

  /** Moves the reserve to the smallest gaps, out of the way of a large block. */
  regroup(): void {
    const { pages } = this
    while (this.give());
    this.fill(pages)
  }
}

/** Visits the pages of the reserve. */
export function walkReserve(W: Uint32Array, visit: (ref: number) => void): void {
  for (let page = W[H_RESERVE]; page !== 0; page = W[page + NEXT]) visit(page)
}
