/**
 * What a transaction changes in one store: for each key the entry it had and the entry it gets. Private memory of
 * the writing thread.
 *
 * Point indexes, generations and batches are made from it. An item must never refer to an entry that the
 * transaction replaced itself, for such an entry is used again at once: the item is found and corrected. It is
 * looked for among the last ones, and then in a table, made the first time, that leads from entries to items. After a
 * rollback the list is torn, and the draft makes it anew by comparing trees. Invariant: done one after the other, the
 * changes of a list that is whole lead from the store as it was to the store as it is. (A key that was deleted and put
 * again is there twice.)
 */

/** Words of an item: hash, old entry (0: none), new entry (0: deleted). */
const ITEM = 3
/** Items that are looked through for one to correct. */
const FEW = 32
/** What the references of entries are multiplied with: 2³² divided by the golden ratio (Knuth, 6.4). */
const SPREAD = 0x9e3779b1
/** Words that are kept from one transaction to the next. */
const KEPT = 3 * 2 ** 16

const NONE = new Uint32Array(0)

export class ChangeList {
  /** The store was cleared: what was there before is gone, and the list has what came after. */
  isCleared = false
  #items = new Uint32Array(FEW * ITEM)
  #count = 0
  /**
   * Open addressing: the number of an item plus 1, at a place given by its new entry. Places of entries that were
   * replaced stay, and no longer lead to such an item. Empty where there is no table.
   */
  #table = NONE
  #used = 0
  /** The list does not tell all. */
  #isTorn = false
  /** The store held nothing before the transaction. */
  #wasEmpty = false

  /**
   * Begins anew.
   * @param wasEmpty the store holds nothing
   * @param noted false: nothing will be added
   */
  begin(wasEmpty: boolean, noted: boolean): void {
    this.#wasEmpty = wasEmpty
    this.isCleared = false
    this.#count = 0
    this.#isTorn = !noted
    this.#table = NONE
    if (this.#items.length > KEPT) this.#items = new Uint32Array(FEW * ITEM)
  }

  /** A key's entry of an older version, or none, gives way to a new one, or none. */
  add(hash: number, old: number, entry: number): void {
    const at = this.#count * ITEM
    if (at === this.#items.length) this.#grow()
    const items = this.#items
    items[at] = hash
    items[at + 1] = old
    items[at + 2] = entry
    this.#count++
    if (this.#table !== NONE) this.#place(this.#count - 1)
  }

  #grow(): void {
    const larger = new Uint32Array(this.#items.length * 4)
    larger.set(this.#items)
    this.#items = larger
  }

  /** An entry of this very transaction gives way to another, or none. */
  replace(old: number, entry: number): void {
    const items = this.#items
    const least = Math.max(0, this.#count - FEW) * ITEM
    for (let at = (this.#count - 1) * ITEM; at >= least; at -= ITEM) {
      if (items[at + 2] !== old) continue
      items[at + 2] = entry
      if (this.#table !== NONE) this.#place(at / ITEM)
      return
    }
    this.#replaceFar(old, entry)
  }

  #replaceFar(old: number, entry: number): void {
    if (this.#table === NONE) this.#makeTable()
    const table = this.#table
    const items = this.#items
    const mask = table.length - 1
    for (let i = placeOf(old) & mask; table[i] !== 0; i = (i + 1) & mask) {
      const at = (table[i] - 1) * ITEM
      if (items[at + 2] !== old) continue
      items[at + 2] = entry
      this.#place(at / ITEM)
      return
    }
    this.#isTorn = true
  }

  /** Puts an item into the table, if it has an entry. */
  #place(item: number): void {
    const entry = this.#items[item * ITEM + 2]
    if (entry === 0) return
    if (this.#used * 2 >= this.#table.length) {
      this.#makeTable()
      return
    }
    const table = this.#table
    const mask = table.length - 1
    let i = placeOf(entry) & mask
    while (table[i] !== 0) i = (i + 1) & mask
    table[i] = item + 1
    this.#used++
  }

  #makeTable(): void {
    this.#table = new Uint32Array(2 ** Math.ceil(Math.log2(4 * this.#count + 16)))
    this.#used = 0
    for (let item = 0; item < this.#count; item++) this.#place(item)
  }

  /** The store is emptied. */
  clear(): void {
    this.#count = 0
    this.#table = NONE
    this.isCleared = true
  }

  /** The draft is as it was at some time before. @param wasCleared what {@link isCleared} was then */
  goBack(wasCleared: boolean): void {
    this.#table = NONE
    this.isCleared = wasCleared
    this.#isTorn = true
  }

  /** Changes came that are not noted. */
  tear(): void {
    this.#isTorn = true
  }

  /** The list does not tell all: {@link beginAnew}, and add what there is. */
  get isTorn(): boolean {
    return this.#isTorn
  }

  beginAnew(): void {
    this.#isTorn = false
    this.#count = 0
    this.#table = NONE
  }

  /** True if a list that is whole has all that the store holds: it was empty, or has been emptied. */
  get isAll(): boolean {
    return this.isCleared || this.#wasEmpty
  }

  /** Changes of a list that is whole. */
  get count(): number {
    return this.#count
  }

  // Of change `i` of a list that is whole. Where a key was absent its old entry is 0; where it is, its new one; both are
  // where the transaction deleted what it had put. No visitor: a call of it would leave garbage in every commit.

  hashAt(i: number): number {
    return this.#items[i * ITEM]
  }

  oldAt(i: number): number {
    return this.#items[i * ITEM + 1]
  }

  entryAt(i: number): number {
    return this.#items[i * ITEM + 2]
  }
}

function placeOf(entry: number): number {
  return Math.imul(entry, SPREAD) >>> 8
}
