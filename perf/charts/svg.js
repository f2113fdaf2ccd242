// @ts-check
/**
 * A picture as SVG text, without any dependency. Its light look is plain attributes, so that viewers
 * without CSS show it; its style only puts dark colours over them for readers who prefer those. It has
 * no script and no external resource, so it shows as an `<img>`.
 */

/** @typedef {{ light: string, dark: string }} Colour */
/** @typedef {'start' | 'middle' | 'end'} Anchor */

/** @type {Record<string, Colour>} */
const COLOURS = {
  surface: { light: '#ffffff', dark: '#0d1117' },
  ink: { light: '#1f2328', dark: '#e6edf3' },
  muted: { light: '#59636e', dark: '#9198a1' },
  grid: { light: '#dfe3e8', dark: '#2b313a' },
  zverse: { light: '#0b62d6', dark: '#539bf5' },
  lmdb: { light: '#c8500c', dark: '#f0883e' },
  sqlite: { light: '#0f8263', dark: '#35b990' },
  tree: { light: '#9b3bb0', dark: '#cf7fe0' },
  map: { light: '#6a737d', dark: '#a0a8b1' },
  past: { light: '#7457c9', dark: '#a998f5' },
}

/** The colour of each system, the same in all charts. @type {Record<string, string>} */
const OF_SYSTEM = {
  zverse: 'zverse',
  lmdb: 'lmdb',
  SQLite: 'sqlite',
  'sorted-btree': 'tree',
  Map: 'map',
}

/** @param {string} system */
export const colourOf = system => OF_SYSTEM[system] ?? 'muted'

/**
 * The look of kinds of shapes and texts; `fill` and `stroke` name a colour.
 * @type {Record<string, Record<string, string | number>>}
 */
const KINDS = {
  text: { fill: 'ink' },
  surface: { fill: 'surface' },
  title: { 'font-size': 17, 'font-weight': 600 },
  head: { 'font-size': 13, 'font-weight': 600 },
  muted: { fill: 'muted' },
  tick: { fill: 'muted', 'font-size': 11 },
  foot: { fill: 'muted', 'font-size': 11 },
  grid: { stroke: 'grid' },
  axis: { stroke: 'muted' },
  floor: { stroke: 'ink', 'stroke-width': 2 },
  aim: { stroke: 'ink', 'stroke-width': 1.5, fill: 'surface' },
  line: { fill: 'none', 'stroke-width': 2, 'stroke-linejoin': 'round' },
  whisker: { 'stroke-width': 1.5 },
  leader: { opacity: 0.5 },
  band: { opacity: 0.2 },
  ...Object.fromEntries(
    Object.keys(COLOURS).flatMap(name => [
      [`s-${name}`, { stroke: name }],
      [`f-${name}`, { fill: name }],
    ]),
  ),
}

/** The classes of a colour, over the attributes of the same meaning. */
const DARK = Object.entries(COLOURS)
  .map(([name, { dark }]) => `.s-${name} { stroke: ${dark}; } .f-${name} { fill: ${dark}; }`)
  .join('\n    ')

const STYLE = `
  @media (prefers-color-scheme: dark) {
    ${DARK}
  }
`

const FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"

/**
 * The attributes of kinds, later ones over earlier ones.
 * @param {string} kinds
 */
function look(kinds) {
  const looks = Object.assign({}, ...kinds.split(' ').map(kind => KINDS[kind]))
  /** @type {string[]} */
  const classes = []
  const attributes = Object.entries(looks).map(([name, value]) => {
    if (!(value in COLOURS)) return ` ${name}="${value}"`
    classes.push(`${name[0]}-${value}`)
    return ` ${name}="${COLOURS[value].light}"`
  })
  return (classes.length > 0 ? ` class="${classes.join(' ')}"` : '') + attributes.join('')
}

const ESCAPES = /** @type {Record<string, string>} */ ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })

/** @param {string} text */
const escaped = text => text.replace(/[&<>]/g, sign => ESCAPES[sign])

/** To a tenth of a pixel. @param {number} length */
export const px = length => String(Math.round(length * 10) / 10)

/**
 * Roughly how wide a text is at 12 px.
 * @param {string} text
 */
export const textWidth = text => text.length * 6.3

export class Picture {
  /** @type {string[]} */
  #parts = []

  /**
   * @param {number} width
   * @param {number} height
   * @param {{ title: string, subtitle: string, foot: string }} texts the subject, its unit, and the
   *   place and time of its measurement
   */
  constructor(width, height, { title, subtitle, foot }) {
    this.width = width
    this.height = height
    this.title = title
    this.text(20, 30, title, 'title')
    this.text(20, 50, subtitle, 'muted')
    this.text(20, height - 14, foot, 'foot')
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {string} text
   * @param {string} [kind]
   * @param {Anchor} [anchor]
   */
  text(x, y, text, kind = '', anchor = 'start') {
    const at = anchor === 'start' ? '' : ` text-anchor="${anchor}"`
    const kinds = kind === '' ? 'text' : `text ${kind}`
    this.#parts.push(`<text${look(kinds)} x="${px(x)}" y="${px(y)}"${at}>${escaped(text)}</text>`)
  }

  /**
   * @param {number} x1
   * @param {number} y1
   * @param {number} x2
   * @param {number} y2
   * @param {string} kind
   */
  line(x1, y1, x2, y2, kind) {
    const ends = `x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"`
    this.#parts.push(`<line${look(kind)} ${ends}/>`)
  }

  /** @param {string} path @param {string} kind */
  path(path, kind) {
    this.#parts.push(`<path${look(kind)} d="${path}"/>`)
  }

  /**
   * A line through points.
   * @param {readonly (readonly [number, number])[]} points
   * @param {string} kind
   */
  through(points, kind) {
    this.path(`M${points.map(([x, y]) => `${px(x)},${px(y)}`).join(' L')}`, kind)
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} radius
   * @param {string} kind
   */
  dot(x, y, radius, kind) {
    this.#parts.push(`<circle${look(kind)} cx="${px(x)}" cy="${px(y)}" r="${radius}"/>`)
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   * @param {string} kind
   */
  bar(x, y, width, height, kind) {
    const size = `width="${px(Math.max(0, width))}" height="${px(height)}"`
    this.#parts.push(`<rect${look(kind)} x="${px(x)}" y="${px(y)}" ${size} rx="2"/>`)
  }

  /** The hollow diamond of an aim. @param {number} x @param {number} y */
  diamond(x, y) {
    this.path(`M${px(x - 5)},${px(y)} l5,-5 l5,5 l-5,5 z`, 'aim')
  }

  toString() {
    const { width, height } = this
    const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
    const font = `font-family="${FONT}" font-size="12"`
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${font} role="img">
<title>${escaped(this.title)}</title>
<style>${STYLE}</style>
<rect${look('surface')} width="${width}" height="${height}"/>
${this.#parts.join('\n')}
</svg>
`
  }
}
