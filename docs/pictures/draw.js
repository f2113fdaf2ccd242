// @ts-check
/**
 * Draws the pictures of docs/zorder.md with the code that zverse itself runs (the built one):
 *
 *     npm run pictures
 *
 * A test holds that the files are what this makes.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Axis } from '../../dist/key/axis.js'
import { bigmin } from '../../dist/key/bigmin.js'
import { Curve } from '../../dist/key/curve.js'

const BITS = 4
const SIDE = 2 ** BITS
const CELL = 34
const MARGIN = 30

/** The box that is drawn: sides inclusive. */
const BOX = { x: [2, 9], y: [4, 10] }

/** @typedef {{ x: number, y: number }} Cell */

/** A curve through 16 × 16 cells. Its codes have 8 bits, at the top of a word. */
const axis = { type: 'float', min: 0, max: SIDE, bits: BITS }
const curve = new Curve([new Axis(axis, 0), new Axis(axis, 1)])
const SHIFT = 32 - curve.bits

/** @param {Cell} cell */
function codeOf({ x, y }) {
  const code = new Uint32Array(1)
  curve.encode(Uint32Array.of(x * 2 ** (32 - BITS), 0, y * 2 ** (32 - BITS), 0), code)
  return code[0] >>> SHIFT
}

/**
 * @param {number} code
 * @returns {Cell}
 */
function cellOf(code) {
  const ordered = new Uint32Array(4)
  curve.decode(Uint32Array.of(code * 2 ** SHIFT), 0, ordered)
  return { x: ordered[0] >>> (32 - BITS), y: ordered[2] >>> (32 - BITS) }
}

/** @param {number} code */
function isInside(code) {
  const { x, y } = cellOf(code)
  return x >= BOX.x[0] && x <= BOX.x[1] && y >= BOX.y[0] && y <= BOX.y[1]
}

/** The stretches of the curve that a scan of the box reads, and the jumps between them. */
export function scan() {
  const [low, high] = [
    { x: BOX.x[0], y: BOX.y[0] },
    { x: BOX.x[1], y: BOX.y[1] },
  ].map(corner => codeOf(corner) * 2 ** SHIFT)
  const masks = curve.masks.map(([mask]) => mask)
  const lows = masks.map(mask => (low & mask) >>> 0)
  const highs = masks.map(mask => (high & mask) >>> 0)
  /** @type {{ from: number, to: number }[]} */
  const stretches = []
  for (let code = low >>> SHIFT; ; ) {
    let to = code
    while (to + 1 < SIDE * SIDE && isInside(to + 1)) to++
    stretches.push({ from: code, to })
    const next = bigmin(((to + 1) << SHIFT) >>> 0, masks, lows, highs, 2, 0)
    if (to + 1 === SIDE * SIDE || next < 0) return stretches
    code = next >>> SHIFT
  }
}

/** Middle of a cell; y goes up. @param {number} code */
function middle(code) {
  const { x, y } = cellOf(code)
  return [MARGIN + (x + 0.5) * CELL, MARGIN + (SIDE - y - 0.5) * CELL]
}

/** @param {readonly number[]} codes */
const line = codes => codes.map(code => middle(code).join(',')).join(' ')

/**
 * What each kind of thing looks like by day, as attributes: viewers without CSS know no style.
 * @type {Record<string, Record<string, string | number>>}
 */
const LIGHT = {
  paper: { fill: '#ffffff' },
  in: { fill: '#dbe9ff' },
  curve: { fill: 'none', stroke: '#c9ced6', 'stroke-width': 1.5 },
  number: { fill: '#9aa1ab', 'text-anchor': 'middle' },
  inside: { fill: '#30507f', 'text-anchor': 'middle' },
  read: { fill: 'none', stroke: '#1f5fbf', 'stroke-width': 3, 'stroke-linejoin': 'round' },
  start: { fill: '#1f5fbf', stroke: 'none' },
  box: { fill: 'none', stroke: '#1f5fbf', 'stroke-width': 2 },
  jump: { fill: 'none', stroke: '#d2691e', 'stroke-width': 1.8, 'stroke-dasharray': '4 3' },
  head: { fill: '#d2691e' },
  axis: { fill: '#9aa1ab', 'text-anchor': 'middle', 'font-size': 11 },
}

/** The style that goes over it where the reader prefers the dark. */
const DARK = `    .paper { fill: #14171c; }
    .in { fill: #1d2c45; }
    .curve { stroke: #3a414c; }
    .number, .axis { fill: #6b7380; }
    .inside { fill: #a9c4ef; }
    .read, .box { stroke: #6ea3f5; }
    .start { fill: #6ea3f5; }
    .jump { stroke: #f0a060; }
    .head { fill: #f0a060; }`

/** @param {string} kind */
const look = kind =>
  [`class="${kind}"`, ...Object.entries(LIGHT[kind]).map(([name, to]) => `${name}="${to}"`)].join(
    ' ',
  )

/** @param {string} kind @param {readonly string[]} parts */
const group = (kind, parts) => `<g ${look(kind)}>\n${parts.join('\n')}\n</g>`

/** The picture as SVG. */
export function draw() {
  const stretches = scan()
  const codes = Array.from({ length: SIDE * SIDE }, (_, code) => code)
  const size = 2 * MARGIN + SIDE * CELL
  const cells = codes
    .filter(code => isInside(code))
    .map(code => {
      const [x, y] = middle(code)
      return `<rect x="${x - CELL / 2}" y="${y - CELL / 2}" width="${CELL}" height="${CELL}"/>`
    })
  /** @param {boolean} inside */
  const numbers = inside =>
    codes
      .filter(code => isInside(code) === inside)
      .map(code => {
        const [x, y] = middle(code)
        return `<text x="${x}" y="${y + CELL / 2 - 4}">${code}</text>`
      })
  const start = look('start')
  const read = stretches.map(({ from, to }) => {
    const stretch = codes.slice(from, to + 1)
    const [x, y] = middle(from)
    return `<polyline points="${line(stretch)}"/><circle ${start} cx="${x}" cy="${y}" r="4"/>`
  })
  const jumps = stretches.slice(1).map(({ from }, i) => {
    const [x1, y1] = middle(stretches[i].to)
    const [x2, y2] = middle(from)
    const [cx, cy] = [(x1 + x2) / 2 + (y2 - y1) / 5, (y1 + y2) / 2 - (x2 - x1) / 5]
    return `<path marker-end="url(#head)" d="M${x1},${y1} Q${cx},${cy} ${x2},${y2}"/>`
  })
  const x0 = MARGIN + BOX.x[0] * CELL
  const y0 = MARGIN + (SIDE - 1 - BOX.y[1]) * CELL
  const width = (BOX.x[1] - BOX.x[0] + 1) * CELL
  const height = (BOX.y[1] - BOX.y[0] + 1) * CELL
  const labels = [0, 4, 8, 12].flatMap(i => [
    `<text x="${MARGIN + (i + 0.5) * CELL}" y="${size - 10}">${i}</text>`,
    `<text x="14" y="${MARGIN + (SIDE - i - 0.5) * CELL + 4}">${i}</text>`,
  ])
  const inside = stretches.reduce((sum, { from, to }) => sum + to - from + 1, 0)
  const title =
    `A box of ${inside} cells on the Z-order curve: ` +
    `${stretches.length} stretches, ${stretches.length - 1} jumps`
  const page = `viewBox="0 0 ${size} ${size}" font-family="system-ui, sans-serif" font-size="8"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${page} role="img">
<title>${title}</title>
<style>
  @media (prefers-color-scheme: dark) {
${DARK}
  }
</style>
<defs><marker id="head" markerWidth="5" markerHeight="5" refX="5" refY="2.5" orient="auto"><path ${look('head')} d="M0,0 L5,2.5 L0,5 z"/></marker></defs>
<rect ${look('paper')} width="${size}" height="${size}"/>
${group('in', cells)}
${group('curve', [`<polyline points="${line(codes)}"/>`])}
${group('number', numbers(false))}
${group('inside', numbers(true))}
${group('read', read)}
${group('box', [`<rect x="${x0}" y="${y0}" width="${width}" height="${height}"/>`])}
${group('jump', jumps)}
${group('axis', labels)}
</svg>
`
}

export const PICTURE = new URL('zorder.svg', import.meta.url)
if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PICTURE, draw())
