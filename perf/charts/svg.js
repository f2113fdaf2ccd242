// @ts-check
/**
 * A picture as SVG text, without any dependency: shapes with classes, and one style for all charts with
 * its colours as variables, light ones, and dark ones where the reader prefers those. It has no script and
 * nothing from outside, so it shows as an `<img>`.
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

/** @param {keyof Colour} scheme */
const variables = scheme =>
  Object.entries(COLOURS)
    .map(([name, colour]) => `--${name}: ${colour[scheme]};`)
    .join(' ')

const STYLE = `
  svg { ${variables('light')} font: 12px system-ui, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif; }
  @media (prefers-color-scheme: dark) { svg { ${variables('dark')} } }
  text { fill: var(--ink); }
  .surface { fill: var(--surface); }
  .title { font-size: 17px; font-weight: 600; }
  .head { font-size: 13px; font-weight: 600; }
  .muted, .tick { fill: var(--muted); }
  .tick, .foot { font-size: 11px; }
  .foot { fill: var(--muted); }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .axis { stroke: var(--muted); stroke-width: 1; }
  .bound { stroke: var(--ink); stroke-width: 2; }
  .aim { stroke: var(--ink); stroke-width: 1.5; fill: var(--surface); }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
  .whisker { stroke-width: 1.5; }
  .leader { stroke-width: 1; opacity: 0.5; }
  .band { opacity: 0.2; }
  .figure { font-variant-numeric: tabular-nums; }
  ${Object.keys(COLOURS)
    .slice(4)
    .map(name => `.s-${name} { stroke: var(--${name}); } .f-${name} { fill: var(--${name}); }`)
    .join('\n  ')}
`

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
   * @param {{ title: string, subtitle: string, foot: string }} texts
   *   what is shown, in which unit, and where and when it was measured
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
   * @param {string} [kind] classes
   * @param {Anchor} [anchor]
   */
  text(x, y, text, kind = '', anchor = 'start') {
    const at = anchor === 'start' ? '' : ` text-anchor="${anchor}"`
    const classes = kind === '' ? '' : ` class="${kind}"`
    this.#parts.push(`<text${classes} x="${px(x)}" y="${px(y)}"${at}>${escaped(text)}</text>`)
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
    this.#parts.push(`<line class="${kind}" ${ends}/>`)
  }

  /** @param {string} path @param {string} kind */
  path(path, kind) {
    this.#parts.push(`<path class="${kind}" d="${path}"/>`)
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
    this.#parts.push(`<circle class="${kind}" cx="${px(x)}" cy="${px(y)}" r="${radius}"/>`)
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
    this.#parts.push(`<rect class="${kind}" x="${px(x)}" y="${px(y)}" ${size} rx="2"/>`)
  }

  /** The hollow diamond that stands for an aim. @param {number} x @param {number} y */
  diamond(x, y) {
    this.path(`M${px(x - 5)},${px(y)} l5,-5 l5,5 l-5,5 z`, 'aim')
  }

  toString() {
    const { width, height } = this
    const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
    return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">
<title>${escaped(this.title)}</title>
<style>${STYLE}</style>
<rect class="surface" width="${width}" height="${height}"/>
${this.#parts.join('\n')}
</svg>
`
  }
}

/**
 * The picture in one scheme with plain colours, for what knows no variables.
 * @param {string} svg
 * @param {keyof Colour} scheme
 */
export const plain = (svg, scheme) =>
  svg
    .replace(/@media \(prefers-color-scheme: dark\) \{ svg \{.*\} \}/, '')
    .replace(/var\(--(\w+)\)/g, (_, name) => COLOURS[name][scheme])
