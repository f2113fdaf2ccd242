/**
 * From lines to words, at the prompt or from a pipe.
 *
 *     put price:42 {"amount": 10}; tag 'the opening' --at=3
 *
 * A word is bare (up to white space or `;`), quoted (`'…'` without escapes, `"…"` with JSON's escapes) or
 * an array or object of JSON, up to its closing bracket. `--name` and `--name=word` are options,
 * `;` separates commands, a line that begins with `#` is a comment. Quotes and brackets may span lines.
 *
 * The lexer is fed line by line and goes over each character once, so that a command of a million
 * lines costs no more than its length.
 */

/** A mistake of the user: a message, and a hint what to do. */
export class Mistake extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

/** The form of a word. `argv`: one argument of the process, which the system's shell has unquoted. */
export type Form = 'bare' | 'quoted' | 'json' | 'argv'

export interface Word {
  readonly is: 'word'
  readonly form: Form
  readonly text: string
}
/** `--name`, or `--name=value`. */
export interface Flag {
  readonly is: 'option'
  readonly name: string
  readonly value: Word | undefined
}
/** `;` */
export interface Separator {
  readonly is: 'separator'
}
export type Token = Word | Flag | Separator

const SEPARATOR: Separator = { is: 'separator' }
const OPTION = /--([A-Za-z][\w-]*)?(=?)/y
const BARE = /[^\s;]+/y
const SPACE = /\s*/y
const QUOTE_OR_BRACKET = /["[\]{}]/g

/** A quote or bracket that is open at the end of a line, and closes on a later one. */
interface Open {
  readonly kind: "'" | '"' | 'json'
  /** The option whose value it is. */
  readonly option: string | undefined
  readonly line: number
  readonly column: number
  readonly parts: string[]
  /** Brackets that are not closed yet. */
  readonly brackets: string[]
  inString: boolean
}

export class Lexer {
  #tokens: Token[] = []
  #open: Open | null = null
  /** Lines fed since the last `take`. */
  #lines = 0
  /** The column at which the last token begins. */
  #begun = 0

  /** True if no token has begun. */
  get isEmpty(): boolean {
    return this.#tokens.length === 0 && this.#open === null
  }

  /** True while a quote or bracket is open. */
  get isOpen(): boolean {
    return this.#open !== null
  }

  /** The lines of the tokens of the next `take`. */
  get lines(): number {
    return this.#lines
  }

  /** The column at which the last token begins. */
  get begun(): number {
    return this.#begun
  }

  /** Forgets all lines fed. */
  reset(): void {
    this.#tokens = []
    this.#open = null
    this.#lines = 0
  }

  /** The tokens so far; an open one is forgotten. */
  take(): Token[] {
    const tokens = this.#tokens
    this.reset()
    return tokens
  }

  /** The error for an input that ends with an open quote or bracket. */
  unclosed(): Mistake {
    const { kind, line, column, brackets } = this.#open as Open
    const what = kind === 'json' ? brackets.at(-1) : kind
    const place = this.#lines > 1 ? ` of line ${line} of the command` : ''
    return new Mistake(`${what} is never closed: it was opened in column ${column}${place}`)
  }

  /**
   * Reads a line, without its end.
   * @throws Mistake with the column
   */
  feed(line: string): void {
    this.#lines++
    let at = 0
    if (this.#open !== null) {
      this.#open.parts.push('\n')
      at = this.#goOn(this.#open, line, 0)
      if (this.#open !== null) return
    } else if (/^\s*#/.test(line)) return
    for (;;) {
      SPACE.lastIndex = at
      at += (SPACE.exec(line) as RegExpExecArray)[0].length
      if (at >= line.length) return
      at = this.#begin(line, at)
      if (this.#open !== null) return
    }
  }

  /** Reads the token that begins at `at`; returns its end. */
  #begin(line: string, at: number): number {
    this.#begun = at
    if (line[at] === ';') {
      this.#tokens.push(SEPARATOR)
      return at + 1
    }
    OPTION.lastIndex = at
    const option = OPTION.exec(line)
    if (option === null || option[1] === undefined) return this.#word(line, at, undefined)
    const end = at + option[0].length
    if (option[2] === '=') {
      if (end < line.length && !/[\s;]/.test(line[end])) return this.#word(line, end, option[1])
      this.#push({ is: 'word', form: 'quoted', text: '' }, option[1])
      return end
    }
    if (end < line.length && !/[\s;]/.test(line[end])) return this.#word(line, at, undefined)
    this.#tokens.push({ is: 'option', name: option[1], value: undefined })
    return end
  }

  #word(line: string, at: number, option: string | undefined): number {
    const first = line[at]
    const quoted = first === "'" || first === '"'
    if (!quoted && first !== '[' && first !== '{') {
      BARE.lastIndex = at
      const text = (BARE.exec(line) as RegExpExecArray)[0]
      this.#push({ is: 'word', form: 'bare', text }, option)
      return at + text.length
    }
    const kind = quoted ? first : 'json'
    this.#open = {
      ...{ kind, option, line: this.#lines, column: at + 1, parts: [] },
      ...{ brackets: quoted ? [] : [first], inString: false },
    }
    if (!quoted) this.#open.parts.push(first)
    return this.#goOn(this.#open, line, at + 1)
  }

  /** Looks for the end of the open token from `at` on; returns it, or the line's length. */
  #goOn(open: Open, line: string, at: number): number {
    const end = open.kind === 'json' ? this.#json(open, line, at) : closing(line, at, open.kind)
    if (end < 0) {
      open.parts.push(line.slice(at))
      return line.length
    }
    this.#open = null
    if (open.kind === 'json') {
      open.parts.push(line.slice(at, end + 1))
      this.#push({ is: 'word', form: 'json', text: open.parts.join('') }, open.option)
    } else {
      open.parts.push(line.slice(at, end))
      const raw = open.parts.join('')
      const text = open.kind === '"' ? textWithin(raw, open.column) : raw
      this.#push({ is: 'word', form: 'quoted', text }, open.option)
    }
    if (end + 1 < line.length && !/[\s;]/.test(line[end + 1])) {
      throw new Mistake(
        `a space is missing before ${JSON.stringify(line[end + 1])} in column ${end + 2}`,
        'quote a word with quotes or brackets in it as a whole',
      )
    }
    return end + 1
  }

  /** The index at which the word's first bracket closes; -1 if not on this line. */
  #json(open: Open, line: string, at: number): number {
    while (at < line.length) {
      if (open.inString) {
        const end = closing(line, at, '"')
        if (end < 0) return -1
        open.inString = false
        at = end + 1
        continue
      }
      QUOTE_OR_BRACKET.lastIndex = at
      const found = QUOTE_OR_BRACKET.exec(line)
      if (found === null) return -1
      at = found.index + 1
      const [char] = found
      if (char === '"') open.inString = true
      else if (char === '[' || char === '{') open.brackets.push(char)
      else {
        const opener = open.brackets.pop() as string
        if ((opener === '[') !== (char === ']')) {
          throw new Mistake(`${char} in column ${at} does not close ${opener}`)
        }
        if (open.brackets.length === 0) return at - 1
      }
    }
    return -1
  }

  #push(word: Word, option: string | undefined): void {
    this.#tokens.push(option === undefined ? word : { is: 'option', name: option, value: word })
  }
}

/** The index at which the quote closes, from `at` on; -1 if it does not. Only `"` has escapes. */
export function closing(line: string, at: number, quote: string): number {
  for (let end = line.indexOf(quote, at); end >= 0; end = line.indexOf(quote, end + 1)) {
    if (quote === "'") return end
    let slashes = 0
    while (end - 1 - slashes >= at && line[end - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return end
  }
  return -1
}

/** The text between double quotes. Line ends and tabs need no escapes there. */
function textWithin(raw: string, column: number): string {
  if (!raw.includes('\\')) return raw
  const escaped = raw.replace(/\p{Cc}/gu, escapeOf)
  try {
    return JSON.parse(`"${escaped}"`)
  } catch {
    const bad = /(?:^|[^\\])(?:\\\\)*\\(?!["\\/bfnrt]|u[\da-fA-F]{4})/.exec(raw)
    const where = bad === null ? '' : ` in column ${column + bad.index + bad[0].length}`
    throw new Mistake(
      `a bad escape in "…"${where}`,
      "after \\ stands one of \" \\ / b f n r t, or u and four digits; '…' has no escapes",
    )
  }
}

/** The tokens of a complete text. */
export function tokensOf(text: string): Token[] {
  const lexer = new Lexer()
  for (const line of text.split('\n')) lexer.feed(line)
  if (lexer.isOpen) throw lexer.unclosed()
  return lexer.take()
}

/** A line that is being typed: its complete tokens, and the beginning of one at its end. */
export function unfinished(line: string): { tokens: Token[]; last: string } {
  const lexer = new Lexer()
  lexer.feed(line)
  const { isOpen, isEmpty } = lexer
  const last = isOpen || !(isEmpty || /[\s;]$/.test(line)) ? line.slice(lexer.begun) : ''
  const tokens = lexer.take()
  return { tokens: last === '' || isOpen ? tokens : tokens.slice(0, -1), last }
}

/** The text of a word as far as it is typed, with its last quote or without. */
export function saidBy(typed: string): string {
  const [quote] = typed
  if (quote !== "'" && quote !== '"') return typed
  const end = closing(typed, 1, quote)
  const raw = typed.slice(1, end < 0 ? undefined : end)
  return quote === '"' ? textWithin(raw, 1) : raw
}

/** One line that reads back as the same tokens. */
export function oneLine(tokens: readonly Token[]): string {
  const word = ({ form, text }: Word) => {
    if (form === 'quoted') return printable(JSON.stringify(text))
    return form === 'json' ? text.replace(/\s*\n\s*/g, ' ') : text
  }
  const text = tokens.map(token => {
    if (token.is === 'separator') return ';'
    if (token.is === 'word') return word(token)
    return token.value === undefined ? `--${token.name}` : `--${token.name}=${word(token.value)}`
  })
  return text.join(' ')
}

/** Arguments of the process as tokens: each is one word, whatever characters it has. */
export function argvTokens(words: readonly string[]): Word[] {
  return words.map(text => ({ is: 'word', form: 'argv', text }))
}

const BARE_SAFE = /^[^\s;'"[\]{}#\\-][^\s;'"[\]{}\\]*$/u
/**
 * Characters on which terminals act, or that they do not show: controls, directions, lone surrogates, ends of
 * lines. Not the joiners, which emoji and some scripts need.
 */
const HIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu

function escapeOf(text: string): string {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))
  return units.map(unit => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/** JSON text of the same meaning, with all characters escaped on which a terminal would act. */
export function printable(json: string): string {
  return json.replace(HIDDEN, escapeOf)
}

/** A text as a word: bare if it reads back the same, else in quotes. */
export function asWord(text: string): string {
  const bare = BARE_SAFE.test(text) && printable(text) === text
  return bare ? text : printable(JSON.stringify(text))
}

/** The beginning of a long text. */
export function shorten(text: string, most = 60): string {
  const shown = printable(text)
  return shown.length <= most ? shown : `${shown.slice(0, most - 1)}…`
}
