/**
 * Where a text stops being JSON: `JSON.parse` tells that only of some texts, and in words that differ
 * between versions of Node.
 */

const SPACE = /[ \t\n\r]*/y
// Pieces of a string, each taken once: a pattern of the whole would try all ways to cut one that has no
// end, which takes time without bound.
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none in strings
const TEXT = /[^"\\\x00-\x1f]+/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y

/** Index of the first character that cannot be, the text's length if it only ends too soon. */
export function faultIn(text: string): number {
  const open: string[] = []
  let at = 0
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    const isThere = pattern.test(text)
    if (isThere) at = pattern.lastIndex
    return isThere
  }
  const skip = (character: string): boolean => {
    take(SPACE)
    if (text[at] !== character) return false
    at++
    return true
  }
  /** A string; none of it where it has no end. */
  const takeString = (): boolean => {
    const begin = at
    if (text[at] !== '"') return false
    at++
    while (take(TEXT) || take(ESCAPE)) {}
    if (text[at] === '"') {
      at++
      return true
    }
    at = begin
    return false
  }
  /** A key and its colon, or a value as far as its first bracket; false at the fault. */
  const begin = (): boolean => {
    take(SPACE)
    return open.at(-1) !== '}' || (takeString() && skip(':'))
  }
  for (;;) {
    if (!begin()) return at
    take(SPACE)
    const bracket = text[at]
    if (bracket === '{' || bracket === '[') {
      at++
      const end = bracket === '{' ? '}' : ']'
      open.push(end)
      if (!skip(end)) continue
      open.pop()
    } else if (!takeString() && !take(SCALAR)) {
      return at
    }
    while (open.length > 0 && skip(open.at(-1) as string)) open.pop()
    if (open.length === 0) {
      take(SPACE)
      return at
    }
    if (!skip(',')) return at
  }
}
