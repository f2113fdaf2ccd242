/**
 * What a write transaction changes in one store, as the point index will want to know: for each key the
 * hash, the entry it had and the entry it gets. Private memory of the writing thread.
 *
 * Entries that the transaction replaces itself are used again at once, so an item must never refer to
 * one: it is found and corrected, or, where that would take long, the list is given up (`isTorn`) and
 * the two trees are compared instead.
 */

/** Words of an item: hash, old entry (0: none), new entry (0: deleted). */
export const ITEM = 3
/** Items that are looked through for one to correct. */
const FEW = 32
/** Words that are kept from one transaction to the next. */
const KEPT = 3 * 2 ** 16

export class IndexLog {
  items = new Uint32Array(FEW * ITEM)
  count = 0
  /** The store was cleared: what was there before is gone, what the list says came after. */
  isCleared = false
  /** The list does not tell all. */
  isTorn = false

  /** A key's entry of an older version, or none, gives way to a new one, or none. */
  add(hash: number, old: number, entry: number): void {
    const at = this.count * ITEM
    if (at === this.items.length) this.#grow()
    const { items } = this
    items[at] = hash
    items[at + 1] = old
    items[at + 2] = entry
    this.count++
  }

  #grow(): void {
    const larger = new Uint32Array(this.items.length * 4)
    larger.set(this.items)
    this.items = larger
  }

  /** An entry of this very transaction gives way to another, or none. */
  replace(old: number, entry: number): void {
    const { items } = this
    const least = Math.max(0, this.count - FEW) * ITEM
    for (let at = (this.count - 1) * ITEM; at >= least; at -= ITEM) {
      if (items[at + 2] !== old) continue
      items[at + 2] = entry
      return
    }
    this.isTorn = true
  }

  /** The store is emptied. */
  clear(): void {
    this.count = 0
    this.isCleared = true
    this.isTorn = false
  }

  /** Begins anew. */
  reset(): void {
    this.count = 0
    this.isCleared = false
    this.isTorn = false
    if (this.items.length > KEPT) this.items = new Uint32Array(FEW * ITEM)
  }
}
