/**
 * Finds where a text stops being JSON: `JSON.parse` says so only for some texts, and in words that differ
 * between versions of Node.
 */

const SPACE = /[ \t\n\r]*/y
// Pieces of a string, each matched once: a pattern of the whole string would try all ways to cut one
// without an end, which takes time without bound.
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none in strings
const TEXT = /[^"\\\x00-\x1f]+/y
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y

/** Index of the first character that cannot be there; the length of a text that only ends too soon. */
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
  /** Takes a string; nothing if the string has no end. */
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
  /** Takes, in an object, a key and its colon; false at the fault. */
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
