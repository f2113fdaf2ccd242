/** Colours, few of them, by the kind of text. */
import type { ColumnKind } from './result.js'

export type Style = 'dim' | 'error' | 'head' | 'prompt' | ColumnKind

/** SGR codes to begin with, and to end with. */
const CODES: Partial<Record<Style, readonly [number, number]>> = {
  dim: [2, 22],
  head: [2, 22],
  time: [2, 22],
  error: [31, 39],
  prompt: [1, 22],
  key: [36, 39],
  version: [33, 39],
  number: [33, 39],
}

export type Paint = (style: Style, text: string) => string

export const plain: Paint = (_, text) => text

export const coloured: Paint = (style, text) => {
  const code = CODES[style]
  return code === undefined || text === '' ? text : `\x1b[${code[0]}m${text}\x1b[${code[1]}m`
}
