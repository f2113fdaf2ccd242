// @ts-check
/** Charts (b), (c) and (d): how figures change with the size of the set, of values, and with the past. */
import { FAMILIES, rowsOf, systemsOf } from '../families.js'
import { drawPanel } from './lines.js'
import { colourOf, Picture } from './svg.js'

/** @typedef {import('../report.js').Run} Run */
/** @typedef {import('../bench.js').FamilyName} FamilyName */
/** @typedef {import('./lines.js').Panel} Panel */

const WIDTH = 940
const MARGIN = 20
const GAP = 20
const FIRST = 70
/** Right of the lines, for their labels: the longest is the longest system's or figure's. */
const LABELS = 134
const PANEL = 260
const BELOW = 36

const HALF = (WIDTH - 2 * MARGIN - GAP) / 2

/** The place of the n-th panel of two columns. @param {number} n */
const frame = n => ({
  x: MARGIN + (n % 2) * (HALF + GAP),
  y: FIRST + Math.floor(n / 2) * (PANEL + GAP),
  width: HALF,
  height: PANEL,
  labels: LABELS,
})

/** @param {number} panels @param {{ title: string, subtitle: string, foot: string }} texts */
function sheet(panels, texts) {
  const lines = Math.ceil(panels / 2)
  return new Picture(WIDTH, FIRST + lines * (PANEL + GAP) + BELOW, texts)
}

/**
 * A panel for each figure of a family, a line for each system.
 * @param {Run} run
 * @param {FamilyName} name
 * @returns {Omit<Panel, 'x' | 'y' | 'width' | 'height' | 'labels'>[]}
 */
function panelsOf(run, name) {
  const rows = rowsOf(run.rows, name)
  const { place, label, figures } = FAMILIES[name]
  return Object.entries(figures).map(([figure, what]) => {
    const unit = rows[0].units[figure]
    return {
      title: what,
      unit,
      place,
      places: rows.map(row => label(row.family?.at ?? '', run.settings.keys)),
      logarithmic: true,
      series: systemsOf(rows).map(system => ({
        label: system,
        colour: colourOf(system),
        figures: rows.map(row => row.systems[system]?.[figure]),
      })),
    }
  })
}

const SPREAD = 'medians; whiskers: lowest to highest round; lower is better'

/**
 * @param {Run} run
 * @param {string} foot
 * @param {'size' | 'value-size'} name
 * @param {string} title
 */
function drawFamily(run, foot, name, title) {
  if (rowsOf(run.rows, name).length === 0) return undefined
  const panels = panelsOf(run, name)
  const picture = sheet(panels.length, { title, subtitle: SPREAD, foot })
  panels.forEach((panel, n) => {
    drawPanel(picture, { ...panel, ...frame(n) })
  })
  return picture.toString()
}

/** @type {(run: Run, foot: string) => string | undefined} */
export const drawSize = (run, foot) =>
  drawFamily(run, foot, 'size', 'From a hundredth of the set to ten times the set')

/** @type {(run: Run, foot: string) => string | undefined} */
export const drawValueSize = (run, foot) =>
  drawFamily(run, foot, 'value-size', 'Values of 10 bytes to 100 KB')

/**
 * The lines of some figures of zverse in one panel.
 * @param {Run} run
 * @param {FamilyName} name
 * @param {[string, string][]} lines figure and colour
 */
function own(run, name, lines) {
  const rows = rowsOf(run.rows, name)
  const { place, label, figures } = FAMILIES[name]
  return {
    ...{ unit: 'µs', place },
    places: rows.map(row => label(row.family?.at ?? '', run.settings.keys)),
    series: lines.map(([figure, colour]) => ({
      label: figures[figure],
      colour,
      figures: rows.map(row => row.systems.zverse?.[figure]),
    })),
  }
}

/** @type {(run: Run, foot: string) => string | undefined} */
export function drawHistory(run, foot) {
  const [depth, age] = [rowsOf(run.rows, 'history-depth'), rowsOf(run.rows, 'snapshot-age')]
  if (depth.length + age.length === 0) return undefined
  const panels = [
    ...(depth.length === 0
      ? []
      : [
          {
            title: 'Reading under a history so deep',
            ...own(run, 'history-depth', [
              ['present', 'zverse'],
              ['oldest', 'past'],
            ]),
          },
          {
            title: 'Committing under a history so deep',
            ...own(run, 'history-depth', [['commit', 'zverse']]),
          },
        ]),
    ...(age.length === 0
      ? []
      : [
          {
            title: 'Reading a snapshot so old',
            ...own(run, 'snapshot-age', [
              ['present', 'zverse'],
              ['time', 'past'],
            ]),
          },
        ]),
  ]
  const title = 'What a long past costs'
  const picture = sheet(panels.length, { title, subtitle: `zverse; ${SPREAD}`, foot })
  panels.forEach((panel, n) => {
    drawPanel(picture, { ...panel, ...frame(n) })
  })
  return picture.toString()
}
