/** A picture as seen by viewers without CSS, and by readers who prefer the dark. */

const COLOUR = /^(#[0-9a-f]{6}|none)$/
/** The attributes that make each shape visible. */
const PAINTED: Record<string, readonly string[]> = {
  ...{ text: ['fill'], circle: ['fill'], line: ['stroke'], polyline: ['stroke'] },
  ...{ rect: ['fill', 'stroke'], path: ['fill', 'stroke'] },
}

interface Shape {
  tag: string
  /** Its own attributes, over those that it inherits. */
  all: Map<string, string>
  own: Map<string, string>
}

/** Every element of a well-formed picture, with its look without CSS. */
function shapesOf(svg: string): Shape[] {
  const shapes: Shape[] = []
  const open: Map<string, string>[] = []
  for (const [, end, tag = '', text = '', empty] of svg.matchAll(
    /<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"]*")*)(\/?)>/g,
  )) {
    if (end) {
      open.pop()
      continue
    }
    const own = new Map(
      [...text.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)].map(([, name = '', to = '']) => [name, to]),
    )
    const all = new Map([...(open.at(-1) ?? []), ...own])
    shapes.push({ tag, all, own })
    if (!empty) open.push(all)
  }
  return shapes
}

/** Elements that a viewer without CSS, or a reader who prefers the dark, would not see as intended. */
export function faultsOf(svg: string): string[] {
  const faults: string[] = []
  if (/var\(|style="|<script|href=/.test(svg)) faults.push('variables, inline style or links')
  const style = /<style>([\s\S]*?)<\/style>/.exec(svg)?.[1] ?? ''
  const dark = /^\s*@media \(prefers-color-scheme: dark\) \{((?:[^{}]*\{[^{}]*\})*)\s*\}\s*$/
  const rules = dark.exec(style)?.[1]
  if (rules === undefined) return [...faults, 'a style for something else than the dark']

  const shapes = shapesOf(svg)
  if (shapes.length < 10) faults.push('no picture')
  for (const { tag, all } of shapes) {
    const paints = PAINTED[tag]
    if (paints === undefined) continue
    const given = paints.map(paint => all.get(paint)).filter(colour => colour !== undefined)
    for (const colour of given) if (!COLOUR.test(colour)) faults.push(`${tag} in ${colour}`)
    if (given.every(colour => colour === 'none')) faults.push(`${tag} without a colour`)
    // A path and a rectangle are filled, black, unless they say otherwise.
    if (paints.length > 1 && !all.has('fill')) faults.push(`${tag} that is filled in black`)
  }
  return [...faults, ...faultsOfDark(rules, shapes)]
}

/** The dark stands over attributes of the same meaning, and over all that has a colour. */
function faultsOfDark(rules: string, shapes: readonly Shape[]): string[] {
  const faults: string[] = []
  const darkened = new Set<string>()
  for (const [, names = '', body = ''] of rules.matchAll(/([^{}]+)\{([^{}]*)\}/g)) {
    for (const [, property = ''] of body.matchAll(/([a-z-]+):/g)) {
      for (const name of names.split(',')) darkened.add(`${name.trim()} ${property}`)
    }
  }
  for (const { tag, own } of shapes) {
    const classes = (own.get('class') ?? '').split(' ').map(name => `.${name}`)
    for (const paint of ['fill', 'stroke']) {
      const isDarkened = classes.some(name => darkened.has(`${name} ${paint}`))
      const colour = own.get(paint)
      const isColoured = colour !== undefined && colour !== 'none'
      if (isDarkened !== isColoured) {
        faults.push(`${tag} ${classes.join('')}: ${paint} is ${colour}, dark: ${isDarkened}`)
      }
    }
  }
  return faults
}
