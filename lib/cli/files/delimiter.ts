/** What stands between the fields of CSV: how it is named, and which one a line of names may have meant. */
import { asWord, Mistake } from '../words.js'

/** By the names that need no quotes in a shell. */
const NAMES: Record<string, string> = {
  ...{ comma: ',', semicolon: ';', tab: '\t', pipe: '|', space: ' ' },
  '\\t': '\t',
}

/** The delimiter of an option: a character, or a name of one. @throws Mistake */
export function delimiterNamed(text: string): string {
  const named = Object.hasOwn(NAMES, text) ? NAMES[text] : text
  if ([...named].length === 1 && !/["\r\n]/.test(named)) return named
  const names = 'comma, semicolon, tab, pipe or space'
  throw new Mistake(`--delimiter is one character, or ${names}, not ${asWord(text)}`)
}

/** The delimiter that the name of a file tells. */
export function delimiterOf(file: string): string {
  return /\.(tsv|tab)(\.gz)?$/i.test(file) ? '\t' : ','
}

/** What to try where names are not as they should be: another delimiter that is among them as often. */
export function otherDelimiter(names: readonly string[], delimiter: string): string | undefined {
  const text = names.join('')
  const times = (char: string) => text.split(char).length - 1
  const others = Object.keys(NAMES).filter(name => /^(comma|semicolon|tab|pipe)$/.test(name))
  const [other] = others
    .filter(name => NAMES[name] !== delimiter && times(NAMES[name]) >= names.length)
    .sort((a, b) => times(NAMES[b]) - times(NAMES[a]))
  return other === undefined ? undefined : `--delimiter ${other}, if that is between the fields`
}
