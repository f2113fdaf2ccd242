// @ts-check
/** How figures change with the size of the set, with that of values, and with the past. */
import { systemsOf } from '../rows.js'
import { drawPanel } from './lines.js'
import { colourOf, Picture } from './svg.js'

/** @typedef {import('../rows.js').Row} Row */
/** @typedef {import('./lines.js').Panel} Panel */

/**
 * 10 000, with thin spaces.
 * @param {number} number
 */
export const grouped = number => String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f')

/** 10 B, 1 KB. @param {Row} row */
const sized = ({ at }) => (Number(at) < 1000 ? `${at} B` : `${Number(at) / 1000} KB`)

/** @param {Row} row */
const keysOf = ({ at, keys }) => grouped(Math.round(Number(at) * keys))

/** @param {Row} row */
const counted = ({ at }) => grouped(Number(at))

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

const SPREAD = 'medians; whiskers: lowest to highest round; lower is better'

/**
 * A panel for each figure, a line for each system.
 * @param {string} title
 * @param {string} place the name of the rows' places
 * @param {(row: Row) => string} label of a row's place
 * @returns {(rows: Row[], foot: string) => string}
 */
const drawFamily = (title, place, label) => (rows, foot) => {
  const figures = Object.entries(rows[0].figures)
  const picture = sheet(figures.length, { title, subtitle: SPREAD, foot })
  figures.forEach(([figure, { what, unit }], n) => {
    drawPanel(picture, {
      ...{ title: what, unit, place, places: rows.map(label), logarithmic: true, ...frame(n) },
      series: systemsOf(rows).map(system => ({
        label: system,
        colour: colourOf(system),
        figures: rows.map(row => row.systems[system]?.[figure]),
      })),
    })
  })
  return picture.toString()
}

export const drawSize = drawFamily(
  'From a hundredth of the set to ten times the set',
  'keys',
  keysOf,
)

/** 94.5 %. @param {Row} row */
const found = ({ at }) => `${+(Number(at) * 100).toFixed(1)} %`

export const drawRecall = drawFamily('The ten nearest of 100 numbers', 'found', found)

export const drawValueSize = drawFamily('Values of 10 bytes to 100 KB', 'value', sized)

/**
 * The panels of a long past: which rows, by the beginning of their names; the lines, each a figure, a colour, and
 * what it is called where that is not the figure's own name.
 * @type {{ title: string, rows: string, place: string, unit?: import('../stage.js').Unit, isWide?: boolean, lines: [string, string, string?][] }[]}
 */
const PAST = [
  {
    ...{ title: 'Reading under a history so deep', rows: 'history-', place: 'versions kept' },
    lines: [
      ['present', 'zverse'],
      ['oldest', 'past'],
    ],
  },
  {
    ...{ title: 'Committing under a history so deep', rows: 'history-', place: 'versions kept' },
    lines: [['commit', 'zverse']],
  },
  {
    ...{ title: 'Reading a snapshot so old', rows: 'age-', place: 'commits back' },
    lines: [
      ['present', 'zverse'],
      ['time', 'past'],
    ],
  },
  {
    ...{ title: 'Bytes kept for a version, by puts in it', rows: 'kept-', place: 'puts a commit' },
    ...{ unit: 'bytes', isWide: true },
    lines: [
      ['version', 'zverse', 'for the version'],
      ['put', 'past', 'for a put'],
    ],
  },
  {
    ...{ title: 'Bytes kept for a version of one put', rows: 'window-', place: 'versions kept' },
    unit: 'bytes',
    lines: [['version', 'zverse', 'for a version']],
  },
]

/** @type {(rows: Row[], foot: string) => string} */
export function drawHistory(all, foot) {
  const panels = PAST.map(panel => ({
    ...panel,
    rows: all.filter(({ name }) => name.startsWith(panel.rows)),
  }))
  const there = panels.filter(({ rows }) => rows.length > 0)
  const title = 'What a long past costs'
  const picture = sheet(there.length, { title, subtitle: `zverse; ${SPREAD}`, foot })
  there.forEach(({ title, place, rows, lines, unit = 'µs', isWide }, n) => {
    const series = lines.map(([figure, colour, label = rows[0].figures[figure].what]) => ({
      ...{ label, colour },
      figures: rows.map(row => row.systems.zverse?.[figure]),
    }))
    const places = rows.map(counted)
    drawPanel(picture, { title, unit, place, places, series, logarithmic: isWide, ...frame(n) })
  })
  return picture.toString()
}
