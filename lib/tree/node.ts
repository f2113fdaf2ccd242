/**
 * The nodes of the ordered tree (layout.ts draws one): their parts, and how they are read. Pure functions on words.
 *
 * A *pointer* is the address of a node plus the number of units of its log that belong to it: what it leads to is the
 * node as it was made, changed by these units, one after the other. A change of a node that is published appends a
 * unit that no published pointer counts, and a pointer that counts one more takes the place of the old one. So whatever
 * is below a pointer never changes, and equal pointers have equal content (docs/decisions/0038-logged-nodes.md).
 * Invariants of what every pointer leads to:
 * 1. refs are in key order, strictly; heads[i] are the 32 bits from `depth` on of the key of ref i.
 * 2. All keys below the node share their first `depth` bits, which lie within the words that each of
 *    them has. The depth may be less than they share: that only costs comparisons.
 * 3. In an inner node, ref i is the smallest entry below kid i. No unit changes it: so the node's own refs may be read.
 * 4. The entry or kid that a unit replaces may be freed, and others be there: whoever reads a slot asks the units first.
 * 5. Units of inner nodes set kids and counts; those of leaves set entries and insert them, but not as the first.
 * 6. A slot that a unit has changed, whether it belongs to the pointer or not, has its bit in the node's header: for the
 *    others nobody needs to look at units.
 *
 * A *slot* is a place among the entries or kids as they are after the units. Functions take pointers, where they do not
 * say *address*.
 */
import { birthOf } from '../memory/birth.js'
import { entryBits } from '../memory/entry.js'
import {
  CAPACITY_MASK,
  CAPACITY_SHIFT,
  COUNT_MASK,
  DEPTH_SHIFT,
  INNER_UNITS,
  LEAF_UNITS,
  LEVEL_MASK,
  LEVEL_SHIFT,
  N_CHANGED,
  N_ENTRIES,
  N_HEADS,
  N_MAX,
  N_META,
  NODE_ALIGN,
  UNIT_CODE,
  UNIT_ENTRIES,
  UNIT_INSERT,
  UNIT_SHIFT,
  UNIT_SLOT,
  UNIT_WHAT,
  UNITS,
} from '../memory/layout.js'
import { CLASS_OF, SIZES, SLAB_PAGES } from '../memory/sizes.js'

// An imported constant costs more in a hot loop.
const HEADS = N_HEADS
const CHANGED = N_CHANGED
const META = N_META
const CODE = UNIT_CODE
const INSERT = UNIT_INSERT
const SLOT = UNIT_SLOT
const WHAT = UNIT_WHAT
const ALL = 0xffffffff

// ── Parts that no unit changes ──────────────────────────────────────────────────────────────────

/** How many units belong to a pointer. */
export function unitsOf(pointer: number): number {
  return pointer & UNITS
}

/** Where the node of a pointer lies. */
export function addressOf(pointer: number): number {
  return pointer - (pointer & UNITS)
}

export function levelOf(W: Uint32Array, pointer: number): number {
  return (W[addressOf(pointer) + META] >>> LEVEL_SHIFT) & LEVEL_MASK
}

/** Bits that all keys below the node share. */
export function depthOf(W: Uint32Array, pointer: number): number {
  return W[addressOf(pointer) + META] >>> DEPTH_SHIFT
}

/** Slots that the node at an address has room for. */
export function capacityOf(W: Uint32Array, address: number): number {
  return ((W[address + META] >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
}

/** Word of the first unit of the node at an address. */
export function logOf(W: Uint32Array, address: number): number {
  const meta = W[address + META]
  const rows = ((meta >>> LEVEL_SHIFT) & LEVEL_MASK) === 0 ? 2 : 3
  return address + HEADS + rows * ((meta >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
}

/** The META word of a node. */
export function metaWord(depth: number, level: number, capacity: number, count: number): number {
  const sizes = ((capacity >>> 3) << CAPACITY_SHIFT) | count
  return ((depth << DEPTH_SHIFT) | (level << LEVEL_SHIFT) | sizes) >>> 0
}

/** Words of a node of `capacity` at `level`, which are a multiple of NODE_ALIGN. */
export function nodeWords(level: number, capacity: number): number {
  const words = level === 0 ? 2 * (capacity + LEAF_UNITS) : 3 * capacity + 2 * INNER_UNITS
  return Math.ceil((HEADS + words) / NODE_ALIGN) * NODE_ALIGN
}

/**
 * The most slots, a multiple of 8, of a node that is no larger than one for `count` slots must be. A page, which is all
 * that a full database may have left, is enough for any of them.
 */
function fitting(level: number, count: number): number {
  const least = Math.ceil(Math.max(1, count) / 8) * 8
  const size = CLASS_OF[nodeWords(level, least)]
  if (SLAB_PAGES[size] > 1) return fitting(level, least + 1)
  const left = SIZES[size] - HEADS - 2 * (level === 0 ? LEAF_UNITS : INNER_UNITS)
  return Math.min(N_MAX, Math.floor(left / (level === 0 ? 16 : 24)) * 8)
}

const CAPACITIES = [0, 1].map(level =>
  Uint8Array.from({ length: N_MAX + 1 }, (_, count) => fitting(level, count)),
)

/** Capacity of a node at `level` for `count` slots. */
export function capacityFor(level: number, count: number): number {
  return CAPACITIES[level === 0 ? 0 : 1][count]
}

/** True if a unit may have changed slot `i` of the node at an address. */
export function mayDiffer(W: Uint32Array, address: number, i: number): boolean {
  return ((W[address + CHANGED + (i >>> 5)] >>> (i & 31)) & 1) !== 0
}

/** True if a unit may have inserted an entry into the leaf at an address: then all bits are set. */
export function mayHaveInserts(W: Uint32Array, address: number): boolean {
  return W[address + CHANGED + 1] === ALL
}

// ── Parts as the units make them ────────────────────────────────────────────────────────────────

/** The version that made what a pointer leads to: its last unit's. Nothing below is younger. */
export function nodeBirth(W: Uint32Array, pointer: number): number {
  const units = pointer & UNITS
  const address = pointer - units
  const birth = birthOf(W, address)
  return units === 0 ? birth : birth + (W[logOf(W, address) + 2 * units - 2] >>> UNIT_SHIFT)
}

/** Slots of a node. */
export function countOf(W: Uint32Array, pointer: number): number {
  const units = pointer & UNITS
  const address = pointer - units
  let count = W[address + META] & COUNT_MASK
  if (units === 0 || W[address + CHANGED + 1] !== ALL) return count
  const log = logOf(W, address)
  for (let at = log; at < log + 2 * units; at += 2) if ((W[at] & WHAT) === INSERT) count++
  return count
}

/** Entries below a node (0: none). */
export function entriesBelow(W: Uint32Array, pointer: number): number {
  if (pointer === 0) return 0
  const units = pointer & UNITS
  const address = pointer - units
  if (units === 0) return W[address + N_ENTRIES]
  if (((W[address + META] >>> LEVEL_SHIFT) & LEVEL_MASK) === 0) return countOf(W, pointer)
  const log = logOf(W, address)
  for (let at = log + 2 * units - 2; at >= log; at -= 2) {
    if ((W[at] & WHAT) === UNIT_ENTRIES) return W[at + 1]
  }
  return W[address + N_ENTRIES]
}

/** Kid in slot `i` of an inner node. */
export function kidAt(W: Uint32Array, pointer: number, i: number): number {
  const units = pointer & UNITS
  const address = pointer - units
  const capacity = ((W[address + META] >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
  const log = address + HEADS + 3 * capacity
  if (units !== 0 && mayDiffer(W, address, i)) {
    for (let at = log + 2 * units - 2; at >= log; at -= 2) {
      if ((W[at] & CODE) === i) return W[at + 1]
    }
  }
  return W[log - capacity + i]
}

/** Entry in slot `i` of a leaf; the smallest entry below kid `i` of an inner node. */
export function refAt(W: Uint32Array, pointer: number, i: number): number {
  const units = pointer & UNITS
  const address = pointer - units
  const meta = W[address + META]
  const capacity = ((meta >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
  if (((meta >>> LEVEL_SHIFT) & LEVEL_MASK) !== 0) return W[address + HEADS + capacity + i]
  const log = address + HEADS + 2 * capacity
  if (units === 0 || !mayDiffer(W, address, i)) return W[log - capacity + i]
  // Back to where the slot was before each unit.
  let slot = i
  for (let at = log + 2 * units - 2; at >= log; at -= 2) {
    const s = W[at] & SLOT
    if (s === slot) return W[at + 1]
    if (s < slot && (W[at] & WHAT) === INSERT) slot--
  }
  return W[log - capacity + slot]
}

/** Visits the entries below a node (0: none), in key order. */
export function eachEntry(W: Uint32Array, pointer: number, visit: (entry: number) => void): void {
  if (pointer === 0) return
  if (levelOf(W, pointer) === 0 && unitsOf(pointer) === 0) {
    const refs = pointer + HEADS + capacityOf(W, pointer)
    const end = refs + (W[pointer + META] & COUNT_MASK)
    for (let at = refs; at < end; at++) visit(W[at])
    return
  }
  const { level, count, refs, kids } = new Slots().read(W, pointer)
  for (let i = 0; i < count; i++) {
    if (level === 0) visit(refs[i])
    else eachEntry(W, kids[i], visit)
  }
}

/** The largest entry below a node. */
export function largestBelow(W: Uint32Array, pointer: number): number {
  while (levelOf(W, pointer) > 0) pointer = kidAt(W, pointer, countOf(W, pointer) - 1)
  return refAt(W, pointer, countOf(W, pointer) - 1)
}

// ── A node as a whole ───────────────────────────────────────────────────────────────────────────

/**
 * Copies the entries of a leaf as its units make them to `into[to]` and behind.
 * @returns how many
 */
export function readEntries(W: Uint32Array, leaf: number, into: Uint32Array, to: number): number {
  const units = leaf & UNITS
  const address = leaf - units
  const meta = W[address + META]
  const capacity = ((meta >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
  const refs = address + HEADS + capacity
  const log = refs + capacity
  let count = meta & COUNT_MASK
  for (let i = 0; i < count; i++) into[to + i] = W[refs + i]
  for (let at = log; at < log + 2 * units; at += 2) {
    const slot = to + (W[at] & SLOT)
    if ((W[at] & WHAT) === INSERT) {
      for (let i = to + count; i > slot; i--) into[i] = into[i - 1]
      count++
    }
    into[slot] = W[at + 1]
  }
  return count
}

/** Copies the kids of an inner node as its units make them to `into[to]` and behind. */
export function readKids(W: Uint32Array, inner: number, into: Uint32Array, to: number): void {
  const units = inner & UNITS
  const address = inner - units
  const meta = W[address + META]
  const capacity = ((meta >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
  const kids = address + HEADS + 2 * capacity
  const log = kids + capacity
  const count = meta & COUNT_MASK
  for (let i = 0; i < count; i++) into[to + i] = W[kids + i]
  for (let at = log; at < log + 2 * units; at += 2) {
    if ((W[at] & WHAT) !== UNIT_ENTRIES) into[to + (W[at] & SLOT)] = W[at + 1]
  }
}

/**
 * Copies the heads of a leaf as its units make them to `into[to]` and behind; of an inserted entry, that is from its key.
 * @param refs has the leaf's entries from index `from` on: {@link readEntries}
 */
export function readHeads(
  W: Uint32Array,
  leaf: number,
  into: Uint32Array,
  to: number,
  refs: Uint32Array,
  from: number,
): void {
  const units = leaf & UNITS
  const address = leaf - units
  const meta = W[address + META]
  const log = address + HEADS + 2 * ((meta >>> CAPACITY_SHIFT) & CAPACITY_MASK) * 8
  const end = log + 2 * units
  let count = meta & COUNT_MASK
  for (let i = 0; i < count; i++) into[to + i] = W[address + HEADS + i]
  for (let at = log; at < end; at += 2) {
    if ((W[at] & WHAT) !== INSERT) continue
    const slot = to + (W[at] & SLOT)
    for (let i = to + count; i > slot; i--) into[i] = into[i - 1]
    count++
  }
  for (let at = log; at < end; at += 2) {
    if ((W[at] & WHAT) !== INSERT) continue
    const slot = slotAfter(W, at + 2, end, W[at] & SLOT)
    into[to + slot] = entryBits(W, refs[from + slot], meta >>> DEPTH_SHIFT)
  }
}

/** Where a slot of a leaf is after the units in words `at` to `end`. */
export function slotAfter(W: Uint32Array, at: number, end: number, slot: number): number {
  for (; at < end; at += 2) {
    if ((W[at] & WHAT) === INSERT && (W[at] & SLOT) <= slot) slot++
  }
  return slot
}

/** The entry in a slot of a leaf that had `entry` there before the units in words `at` to `end`. */
export function entryAfter(
  W: Uint32Array,
  at: number,
  end: number,
  slot: number,
  entry: number,
): number {
  for (; at < end; at += 2) {
    const s = W[at] & SLOT
    if ((W[at] & WHAT) !== INSERT) {
      if (s === slot) entry = W[at + 1]
    } else if (s <= slot) slot++
  }
  return entry
}

/** The slots of a node in private memory, for whoever looks at all of them. */
export class Slots {
  level = 0
  count = 0
  /** Of a leaf, its entries; of an inner node, the smallest entry below each kid. */
  readonly refs: Uint32Array = new Uint32Array(N_MAX)
  /** Of an inner node. */
  readonly kids: Uint32Array = new Uint32Array(N_MAX)

  read(W: Uint32Array, pointer: number): this {
    const { refs } = this
    const address = addressOf(pointer)
    this.level = levelOf(W, pointer)
    if (this.level === 0) {
      this.count = readEntries(W, pointer, refs, 0)
      return this
    }
    const from = address + HEADS + capacityOf(W, address)
    this.count = W[address + META] & COUNT_MASK
    for (let i = 0; i < this.count; i++) refs[i] = W[from + i]
    readKids(W, pointer, this.kids, 0)
    return this
  }
}
