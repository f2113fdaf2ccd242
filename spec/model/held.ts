/**
 * Read transactions and iterators that stay open while the world goes on.
 */
import { OracleError } from '../oracle/errors.js'
import type { Cursor, ReadTx, WriteTx } from '../support/contract.js'
import { outcomeOf } from '../support/outcome.js'
import type { Random } from '../support/random.js'
import { modelRange, RANGES, randomOptions, randomPlace, randomView } from './reads.js'
import type { World } from './world.js'

const MOST_PINS = 4
const MOST_CURSORS = 6

function transactionClosed(): never {
  throw new OracleError('TRANSACTION_CLOSED')
}

/** Opens a read transaction at any view; a few stay open. */
export function beginRead(world: World, random: Random): void {
  if (world.pins.length >= MOST_PINS) endRead(world, random)
  const view = randomView(world, random)
  let opened: ReadTx | undefined
  world.read(
    `beginRead(${world.brief(view.real)})`,
    () => {
      opened = world.db.beginRead(view.real)
      return { version: opened.version, timestamp: opened.timestamp }
    },
    () => {
      const pin = world.oracle.beginRead(view.model)
      return { version: pin.version, timestamp: pin.timestamp }
    },
  )
  if (opened) world.pins.push({ tx: opened, pin: world.oracle.beginRead(view.model) })
}

/** Ends a read transaction; iterators open on it are cut off. */
export function endRead(world: World, random: Random): void {
  if (world.pins.length === 0) return
  const index = random.int(world.pins.length)
  const tx = world.pins[index]?.tx as ReadTx
  world.note(`close() of the read transaction at ${tx.version}`)
  world.endPin(index)
  cutOff(world, tx)
  world.read('has() after close()', () => tx.has(world.pool[0]), transactionClosed)
}

/** After a transaction's end its iterators must say so. */
export function cutOff(world: World, owner: ReadTx | WriteTx): void {
  for (let i = world.cursors.length - 1; i >= 0; i--) {
    const open = world.cursors[i]
    if (open?.owner !== owner) continue
    world.cursors.splice(i, 1)
    world.read(`next() of ${open.what} after its end`, () => open.cursor.next(), transactionClosed)
  }
}

/** Makes an iterator and leaves it open; it must show the state it was made in. */
export function openCursor(world: World, random: Random): void {
  if (world.cursors.length >= MOST_CURSORS) leaveCursor(world, random)
  const { scope, view } = randomPlace(world, random)
  // Whether the end of a transaction named as a view ends it too, the contract does not say.
  if (view.model.snapshot) return
  const verb = random.pick(RANGES)
  const bounds = randomOptions(world, scope.store, random)
  const what = `${scope.name}.${verb}(${world.brief(bounds, view.real)})`
  world.note(`open ${what}`)
  const model = outcomeOf(() => modelRange(scope.reader(view.model), verb, bounds))
  if (!('value' in model)) return
  world.operations++
  const cursor = scope.reads()[verb]({ ...bounds, ...view.real }) as Cursor<unknown>
  const rest = [...(model.value as unknown[])]
  world.cursors.push({ what, cursor, rest, owner: scope.owner })
}

/** Takes a few steps of an iterator that is open, perhaps to its end. */
export function stepCursor(world: World, random: Random): void {
  if (world.cursors.length === 0) return
  const index = random.int(world.cursors.length)
  const open = world.cursors[index]
  if (!open) return
  const steps = random.chance(0.2) ? open.rest.length + 2 : 1 + random.int(5)
  for (let i = 0; i < steps; i++) {
    const isDone = open.rest.length === 0
    world.read(
      `next() of ${open.what}`,
      () => ({ ...open.cursor.next() }),
      () => ({ done: isDone, value: open.rest.shift() }),
    )
    if (isDone) {
      // Only after it is taken off the list: an exhausted one has no more to say.
      if (world.cursors[index] === open) world.cursors.splice(index, 1)
      else return
    }
  }
}

/** Leaves an iterator early: it releases its pin and is done for good. */
export function leaveCursor(world: World, random: Random): void {
  const index = random.int(world.cursors.length)
  const [open] = world.cursors.splice(index, 1)
  if (!open) return
  if (random.chance(0.3)) {
    world.read(
      `toArray() of ${open.what}`,
      () => open.cursor.toArray(),
      () => open.rest,
    )
    return
  }
  open.cursor.return()
  world.read(
    `next() after return() of ${open.what}`,
    () => ({ ...open.cursor.next() }),
    () => ({ done: true, value: undefined }),
  )
}
