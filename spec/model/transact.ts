/**
 * `transact` in the model: a few operations inside its callback, then an end, a throw or a promise.
 */
import { OracleError } from '../oracle/errors.js'
import type { WriteTx } from '../support/contract.js'
import { isSame, Mismatch, outcomeOf, show } from '../support/outcome.js'
import type { Random } from '../support/random.js'
import { cutOff, openCursor, stepCursor } from './held.js'
import { readHistory, readPoint, readRange, readSize } from './reads.js'
import type { World } from './world.js'
import { batch, clear, put, remove, update } from './writes.js'

const INSIDE = [
  put,
  put,
  put,
  remove,
  update,
  batch,
  clear,
  readPoint,
  readRange,
  readHistory,
  readSize,
  openCursor,
  stepCursor,
]

/** The error that a callback throws to be rolled back; it must come through untouched. */
class Rollback extends Error {}

export function transact(world: World, random: Random): void {
  const { db, oracle } = world
  if (world.writing) {
    world.write(
      'transact() beside an open transaction',
      () => db.transact(() => 1),
      () => oracle.begin(),
    )
    return
  }
  const steps = random.int(6)
  const ending = random.pick(['result', 'result', 'result', 'throw', 'promise'] as const)
  const before = oracle.version
  let used: WriteTx | undefined
  world.note(`transact(${steps} steps, ${ending}) {`)
  const draft = oracle.begin()
  const rollback = new Rollback()
  let actual: ReturnType<typeof outcomeOf> | 'rolled back'
  try {
    actual = outcomeOf(() =>
      db.transact(tx => {
        used = tx
        world.writing = { tx, draft, isInCallback: true }
        for (let i = 0; i < steps; i++) random.pick(INSIDE)(world, random)
        if (ending === 'throw') throw rollback
        return ending === 'promise' ? Promise.resolve(1) : 'token'
      }),
    )
  } catch (error) {
    if (error !== rollback) throw error
    actual = 'rolled back'
  } finally {
    world.writing = undefined
  }
  world.operations++
  world.note(`} ${ending}`)
  finish(world, ending, draft, actual)
  if (ending !== 'result' && db.version !== before) {
    throw new Mismatch(`transact that ended in ${ending} made version ${db.version}`)
  }
  world.settle(`transact ${world.brief(ending)}`)
  if (used) cutOff(world, used)
}

/** Ends the oracle's transaction the same way and compares how it ended. */
function finish(
  world: World,
  ending: 'result' | 'throw' | 'promise',
  draft: ReturnType<World['oracle']['begin']>,
  actual: ReturnType<typeof outcomeOf> | 'rolled back',
): void {
  const { oracle } = world
  const isRolledBack = actual === 'rolled back'
  if (ending === 'throw' || isRolledBack) {
    oracle.abort(draft)
    if (ending !== 'throw' || !isRolledBack) {
      throw new Mismatch(`transact: a throw did not pass through: ${show(actual)}`)
    }
    return
  }
  if (world.params.isTight && 'code' in actual && actual.code === 'ZVERSE_FULL') {
    oracle.abort(draft)
    return
  }
  const expected = outcomeOf(() => {
    if (ending === 'promise') {
      oracle.abort(draft)
      throw new OracleError('ASYNC_TRANSACTION')
    }
    oracle.commit(draft)
    return 'token'
  })
  if (!isSame(actual, expected)) {
    throw new Mismatch(`transact\n  expected ${show(expected)}\n  got      ${show(actual)}`)
  }
}
