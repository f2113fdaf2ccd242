// @ts-check
/** Memory over churn, the pinned snapshots below it. */
import { grouped } from './families.js'
import { linear, spread } from './scale.js'
import { Picture, px } from './svg.js'

/** @typedef {import('../rows.js').Row} Row */
/** @typedef {{ second: number, used: number, touched: number, resident: number, held: number }} Sample MiB */

const WIDTH = 940
const HEIGHT = 440
const LEFT = 70
const RIGHT = 720
const TOP = 84
const BOTTOM = 310
const HELD_TOP = 332
const HELD_BOTTOM = 368
/** Pixels of one mean. */
const BUCKET = 3

/** @type {{ measure: 'resident' | 'touched' | 'used', label: string, colour: string }[]} */
const LINES = [
  { measure: 'resident', label: 'resident, of the process', colour: 'map' },
  { measure: 'touched', label: 'touched, of the arena', colour: 'past' },
  { measure: 'used', label: 'used, of the arena', colour: 'zverse' },
]

/**
 * Samples in buckets of some pixels: mean, lowest and highest.
 * @param {readonly Sample[]} samples
 * @param {(sample: Sample) => number} x
 * @param {(sample: Sample) => number} figure
 */
function buckets(samples, x, figure) {
  /** @type {Map<number, number[]>} */
  const all = new Map()
  for (const sample of samples) {
    const bucket = Math.floor(x(sample) / BUCKET)
    all.set(bucket, [...(all.get(bucket) ?? []), figure(sample)])
  }
  return [...all].map(([bucket, figures]) => ({
    x: (bucket + 0.5) * BUCKET,
    mean: figures.reduce((sum, one) => sum + one, 0) / figures.length,
    low: Math.min(...figures),
    high: Math.max(...figures),
  }))
}

/**
 * @param {Picture} picture
 * @param {readonly Sample[]} samples
 * @param {(measure: string) => number} growth
 * @param {import('./scale.js').Scale} time
 */
function drawMemory(picture, samples, growth, time) {
  const most = Math.max(...samples.flatMap(({ resident, touched }) => [resident, touched]))
  const y = linear(most, BOTTOM, TOP)
  for (const tick of y.ticks) {
    picture.line(LEFT, y.at(tick), RIGHT, y.at(tick), 'grid')
    picture.text(LEFT - 6, y.at(tick) + 4, `${tick} MiB`, 'tick', 'end')
  }
  const x = (/** @type {Sample} */ sample) => time.at(sample.second)
  /** @type {number[]} */
  const ends = []
  for (const { measure, colour } of LINES) {
    const points = buckets(samples, x, sample => sample[measure])
    const edge = [
      ...points.map(point => `${px(point.x)},${px(y.at(point.high))}`),
      ...points.reverse().map(point => `${px(point.x)},${px(y.at(point.low))}`),
    ]
    picture.path(`M${edge.join(' L')} z`, `band f-${colour}`)
    picture.through(
      points.reverse().map(point => [point.x, y.at(point.mean)]),
      `line s-${colour}`,
    )
    ends.push(y.at(points[points.length - 1].mean))
  }
  const places = spread(ends, 32, TOP, BOTTOM - 16)
  LINES.forEach(({ measure, label, colour }, i) => {
    picture.line(RIGHT + 2, ends[i], RIGHT + 12, places[i], `leader s-${colour}`)
    picture.bar(RIGHT + 12, places[i] - 4, 8, 8, `f-${colour}`)
    picture.text(RIGHT + 26, places[i] + 4, label)
    const text = `last third ${growth(measure).toFixed(3)} × the first`
    picture.text(RIGHT + 26, places[i] + 18, text, 'tick')
  })
}

/**
 * @param {Picture} picture
 * @param {readonly Sample[]} samples
 * @param {import('./scale.js').Scale} time
 */
function drawHeld(picture, samples, time) {
  const most = Math.max(1, ...samples.map(({ held }) => held))
  const y = linear(most, HELD_BOTTOM, HELD_TOP)
  const points = buckets(
    samples,
    sample => time.at(sample.second),
    sample => sample.held,
  )
  const edge = points.map(point => `${px(point.x)},${px(y.at(point.mean))}`)
  const [from, to] = [points[0].x, points[points.length - 1].x]
  const area = `M${px(from)},${HELD_BOTTOM} L${edge.join(' L')} L${px(to)},${HELD_BOTTOM} z`
  picture.path(area, 'band f-zverse')
  picture.line(LEFT, HELD_BOTTOM, RIGHT, HELD_BOTTOM, 'axis')
  picture.text(LEFT - 6, HELD_TOP + 8, String(most), 'tick', 'end')
  picture.text(LEFT - 6, HELD_BOTTOM + 2, '0', 'tick', 'end')
  picture.text(RIGHT + 12, (HELD_TOP + HELD_BOTTOM) / 2 + 4, 'snapshots held')
}

/** @type {(rows: Row[], foot: string) => string | undefined} */
export function drawChurn([{ systems, keys }], foot) {
  const figures = systems.zverse
  if (figures === undefined) return undefined
  /** @type {Sample[]} */
  const samples = figures.second.samples.map((second, i) => ({
    second,
    ...{ used: figures.used.samples[i], touched: figures.touched.samples[i] },
    ...{ resident: figures.resident.samples[i], held: figures.held.samples[i] },
  }))
  const commits = figures.commits.median
  const million = commits >= 1e6 ? `${(commits / 1e6).toFixed(1)} million` : grouped(commits)
  const picture = new Picture(WIDTH, HEIGHT, {
    title: 'Memory over churn',
    subtitle:
      `${grouped(keys)} entries overwritten, deleted and inserted in ${million} commits; ` +
      'means, bands: lowest to highest',
    foot,
  })
  const last = samples[samples.length - 1].second
  const inMinutes = last > 180
  const by = inMinutes ? 60 : 1
  const at = (/** @type {number} */ second) => LEFT + ((RIGHT - LEFT) * second) / last
  const ticks = linear(last / by, LEFT, RIGHT).ticks.filter(tick => tick * by <= last)
  const time = { at, ticks }
  drawMemory(picture, samples, measure => figures[`${measure} ratio`].median, time)
  drawHeld(picture, samples, time)
  for (const tick of ticks) {
    picture.text(at(tick * by), HELD_BOTTOM + 18, String(tick), 'tick', 'middle')
  }
  const unit = inMinutes ? 'minutes' : 'seconds'
  picture.text((LEFT + RIGHT) / 2, HELD_BOTTOM + 34, unit, 'tick', 'middle')
  return picture.toString()
}
