// @ts-check
/**
 * Points that move a little: a thousand moves in each transaction, in systems that have them. The moves
 * are the same for every system; after each batch some moved points are looked for, untimed.
 */
import { seeded } from '../../data.js'
import { toCell } from '../points/data.js'

/** @typedef {import('../points/field.js').Move} Move */
/** @typedef {import('../points/field.js').PointStore} PointStore */

const MOVES = 1000
const FURTHEST = 0.001
const CHECKED = 20

/**
 * Draws one batch of moves after the other.
 * @param {import('../points/field.js').Points} points their columns follow the moves
 * @param {number} seed
 * @param {number} moves of a batch
 * @returns {() => Move}
 */
export function mover(points, seed, moves) {
  const random = seeded(seed ^ 0x30f5)
  const count = Math.min(moves, points.count)
  const column = () => new Float64Array(count)
  return () => {
    /** @type {Set<number>} */
    const picked = new Set()
    while (picked.size < count) picked.add(random(points.count))
    const indexes = Int32Array.from(picked)
    const move = { indexes, from: [column(), column()], to: [column(), column()] }
    for (let d = 0; d < 2; d++) {
      const places = points.columns[d]
      for (let i = 0; i < count; i++) {
        const before = (move.from[d][i] = places[indexes[i]])
        const after = before + ((2 * random(2 ** 32)) / 2 ** 32 - 1) * FURTHEST
        // A point that would leave the square turns back.
        const place = toCell(after < 0 || after >= 1 ? 2 * before - after : after)
        move.to[d][i] = places[indexes[i]] = place
      }
    }
    return move
  }
}

/**
 * Throws unless points are at their new places and no longer at the old ones.
 * @param {PointStore} store
 * @param {Move} move
 */
function look({ box }, { indexes, from, to }) {
  for (let i = 0; i < Math.min(CHECKED, indexes.length); i++) {
    const before = [from[0][i], from[1][i]]
    const after = [to[0][i], to[1][i]]
    if (box(before, before) !== 0) throw new Error(`point still at [${before}]`)
    if (box(after, after) === 0) throw new Error(`no point at [${after}]`)
  }
}

/** @type {import('../stage.js').Scenario} */
export const pointsMove = {
  name: 'points-move',
  title: `moving points, ${MOVES} a transaction, a move`,
  figures: { time: 'µs' },
  points: 'uniform',
  needs: ['move'],
  start(stage) {
    const { store, points } = stage.field
    stage.after(() => stage.dropPoints())
    const next = mover(points, stage.seed, MOVES)
    const { move } = store
    /** @type {Move} */
    let batch
    const work = {
      before: () => {
        batch = next()
      },
      run: () => {
        move?.(batch, points.values)
        return batch.indexes.length
      },
      after: () => look(store, batch),
    }
    return { time: work }
  },
}
