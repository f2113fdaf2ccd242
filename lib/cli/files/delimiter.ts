/** The delimiter of CSV: its names, and guesses from a line of names. */
import { asWord, Mistake } from '../words.js'

/** Delimiters by names that need no quotes in a shell. */
const NAMES: Record<string, string> = {
  ...{ comma: ',', semicolon: ';', tab: '\t', pipe: '|', space: ' ' },
  '\\t': '\t',
}

/** The delimiter in an option: a character, or its name. @throws Mistake */
export function delimiterNamed(text: string): string {
  const named = Object.hasOwn(NAMES, text) ? NAMES[text] : text
  if ([...named].length === 1 && !/["\r\n]/.test(named)) return named
  const names = 'comma, semicolon, tab, pipe or space'
  throw new Mistake(`--delimiter is one character, or ${names}, not ${asWord(text)}`)
}

/** The delimiter by the name of a file. */
export function delimiterOf(file: string): string {
  return /\.(tsv|tab)(\.gz)?$/i.test(file) ? '\t' : ','
}

/** A hint if names look wrong: another delimiter that occurs in them. */
export function otherDelimiter(names: readonly string[], delimiter: string): string | undefined {
  const text = names.join('')
  const times = (char: string) => text.split(char).length - 1
  const others = Object.keys(NAMES).filter(name => /^(comma|semicolon|tab|pipe)$/.test(name))
  const [other] = others
    .filter(name => NAMES[name] !== delimiter && times(NAMES[name]) >= names.length)
    .sort((a, b) => times(NAMES[b]) - times(NAMES[a]))
  return other === undefined ? undefined : `--delimiter ${other}, if that is between the fields`
}
