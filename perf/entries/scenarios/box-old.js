// @ts-check
/**
 * Boxes at the version 500 commits back, in turns with the same boxes at the present, so that the ratio
 * does not depend on other work of the machine. Each commit moved a hundred points.
 */
import { makeBoxes } from '../points/queries.js'
import { askInTurn } from './box.js'
import { mover } from './points-move.js'

const COMMITS_BACK = 500
const HITS = 100
const BOXES = 5000
const CHUNK = 20
const MOVES = 100

/** @type {import('../stage.js').Scenario} */
export const boxOld = {
  name: 'box-old',
  title: `box with ${HITS} hits at a version ${COMMITS_BACK} commits back`,
  figures: { time: 'µs', present: 'µs', ratio: '×' },
  ratios: { ratio: ['present', 'time'] },
  inTurns: ['present', 'time'],
  points: 'uniform',
  needs: ['boxAt', 'version', 'move'],
  note: 'ratio: time of the present box ÷ time of the old one',
  start(stage) {
    const { store, points, grid } = stage.field
    stage.after(() => stage.dropPoints())
    const boxes = makeBoxes(grid, 'square', HITS, BOXES, stage.seed)
    const { box, boxAt = box, move, version } = store
    const next = mover(points, stage.seed, MOVES)
    for (let i = 0; i < COMMITS_BACK; i++) move?.(next(), points.values)
    const at = version?.() ?? 0
    const then = boxes.map(({ min, max }) => box(min, max))
    for (let i = 0; i < COMMITS_BACK; i++) move?.(next(), points.values)
    boxes.forEach(({ min, max }, i) => {
      if (boxAt(min, max, at) !== then[i]) throw new Error(`another answer at version ${at}`)
    })
    const old = askInTurn(boxes, CHUNK, (min, max) => boxAt(min, max, at))
    const now = askInTurn(boxes, CHUNK, box)
    return { present: now, time: old }
  },
}
