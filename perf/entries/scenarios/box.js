// @ts-check
/**
 * Boxes of several sizes and shapes in several point sets, everything inside handed out; time a box.
 * Before the first round each box's answer is compared with the grid's.
 */
import { consume } from '../../measure.js'
import { checkBoxes, makeBoxes } from '../points/queries.js'

/** @typedef {import('../points/data.js').SetName} SetName */
/** @typedef {import('../points/field.js').KeyKind} KeyKind */
/** @typedef {import('../points/queries.js').Shape} Shape */
/** @typedef {import('../stage.js').Scenario} Scenario */

/** Boxes of a row, in points handed out, and of a chunk. */
const OUT_A_ROW = 3_000_000
const MOST_BOXES = 10_000
const OUT_A_CHUNK = 2000

/**
 * @typedef {object} Kind
 * @property {number} hits
 * @property {SetName} points
 * @property {Shape} [shape]
 * @property {KeyKind} [keys]
 */

/** Boxes with 100 hits. @type {(points: SetName, rest: Partial<Kind>) => Kind} */
const of = (points, rest) => ({ hits: 100, points, ...rest })

/** @type {(name: string, title: string, kind: Kind) => Scenario} */
const row = (name, title, { hits, points, shape = 'square', keys = 'cells' }) => ({
  name,
  title: `box with ${hits} hits, ${title}`,
  figures: { time: 'µs', hits: 'hits' },
  points,
  keys,
  needs: ['box'],
  start({ field, seed }) {
    const { box } = field.store
    const count = Math.min(MOST_BOXES, Math.ceil(OUT_A_ROW / hits))
    const boxes = makeBoxes(field.grid, shape, hits, count, seed)
    const found = checkBoxes(field.grid, boxes, field.system.handsOut, box)
    const chunk = askInTurn(boxes, Math.ceil(OUT_A_CHUNK / hits), box)
    return { time: chunk, hits: found }
  },
})

/**
 * A chunk of boxes, from where the last one ended.
 * @param {readonly import('../points/queries.js').Box[]} boxes
 * @param {number} size of a chunk
 * @param {(min: number[], max: number[]) => number} ask
 */
export function askInTurn(boxes, size, ask) {
  let at = 0
  return () => {
    let sum = 0
    for (let i = 0; i < size; i++) {
      const { min, max } = boxes[at]
      sum += ask(min, max)
      if (++at === boxes.length) at = 0
    }
    consume(sum)
    return size
  }
}

export const uniformBoxes = [
  row('box-10', 'uniform', { hits: 10, points: 'uniform' }),
  row('box-100', 'uniform', { hits: 100, points: 'uniform' }),
  row('box-10000', 'uniform', { hits: 10_000, points: 'uniform' }),
  row('box-wide', 'uniform, 1000 times as wide as high', of('uniform', { shape: 'wide' })),
  row('box-tall', 'uniform, 1000 times as high as wide', of('uniform', { shape: 'tall' })),
  row('box-strip', 'uniform, from side to side', of('uniform', { shape: 'strip' })),
]

export const boxFloat64 = row(
  'box-100-float64',
  'uniform, float64 dimensions',
  of('uniform', { keys: 'float64' }),
)

export const clusteredBoxes = [
  row('box-10-clustered', 'clustered', { hits: 10, points: 'clustered' }),
  row('box-100-clustered', 'clustered', { hits: 100, points: 'clustered' }),
  row('box-10000-clustered', 'clustered', { hits: 10_000, points: 'clustered' }),
]

export const boxClusteredFloat64 = row(
  'box-100-clustered-float64',
  'clustered, float64 dimensions',
  of('clustered', { keys: 'float64' }),
)

export const timeBoxes = [
  row('box-time', 'x, y and time', { hits: 100, points: 'time' }),
  row('box-date', 'x, y and time as a date', { hits: 100, points: 'time', keys: 'date' }),
]
