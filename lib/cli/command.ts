/**
 * The type of commands. One table of them gives the prompt's dispatch, `help`, completion, the one-shot
 * forms and docs/cli.md.
 */
import type { Result } from './result.js'
import type { Session } from './session.js'
import { asWord, Mistake, type Token, type Word } from './words.js'

/** The meaning of a word, for completion. */
export type Kind =
  | 'key'
  | 'node'
  | 'edge type'
  | 'view'
  | 'tag'
  | 'store'
  | 'index'
  | 'command'
  | 'key codec'
  | 'value codec'
  | 'file'
  | 'text'

export interface Argument {
  /** The name in usage, in capitals. */
  readonly name: string
  readonly kind: Kind
  readonly optional?: boolean
  /** Its possible values, if that is a fixed set. */
  readonly choices?: readonly string[]
}

export interface Option {
  /** Without the dashes. */
  readonly name: string
  /** The name of its value, as usage shows it; a flag has none. */
  readonly value?: string
  readonly kind?: Kind
  readonly choices?: readonly string[]
  readonly summary: string
  /** It cannot be left out. */
  readonly required?: true
  /** Another name at the prompt; the one-shot form uses that name for a file. */
  readonly alias?: string
}

export interface Example {
  /** The caption, with a colon. */
  readonly title: string
  /** Prompts with typed lines, and the answers, on a terminal 80 columns wide. */
  readonly transcript: string
}

export type Group =
  | 'Reading'
  | 'Writing'
  | 'Versions'
  | 'Transactions'
  | 'Points'
  | 'Indexes'
  | 'Graphs'
  | 'Stores and codecs'
  | 'Files'
  | 'Care'
  | 'The prompt'

export interface Command {
  readonly name: string
  readonly group: Group
  readonly arguments: readonly Argument[]
  /** The last argument may be several words. */
  readonly rest?: boolean
  readonly options: readonly Option[]
  /** One line, for the list of commands. */
  readonly summary: string
  readonly details: string
  readonly examples: readonly Example[]
  /**
   * The needs of the one-shot form: a database to read (`--from`), a file or directory to write to (`--to`), a
   * directory, or nothing; or `prompt`, for commands that work only at the prompt or on a pipe.
   */
  readonly needs: 'from' | 'to' | 'directory' | 'nothing' | 'prompt'
  /** Says whether a call writes, for a command that reads by others. */
  writes?(call: Call): boolean
  /** The one-shot form may begin with a directory. */
  readonly directory?: true
  /** Takes its tokens unparsed: they are commands themselves. */
  readonly raw?: boolean
  run(session: Session, call: Call): Result | Promise<Result>
}

/** A command as it was called: words and options, checked against the command. */
export class Call {
  readonly command: Command
  readonly words: readonly Word[]
  readonly tokens: readonly Token[]
  readonly #options: ReadonlyMap<string, Word | null>

  constructor(
    command: Command,
    words: readonly Word[],
    options: ReadonlyMap<string, Word | null>,
    tokens: readonly Token[],
  ) {
    this.command = command
    this.words = words
    this.tokens = tokens
    this.#options = options
  }

  /** An argument that must be there. */
  word(i: number): Word {
    return this.words[i]
  }

  has(option: string): boolean {
    return this.#options.has(option)
  }

  option(name: string): Word | undefined {
    return this.#options.get(name) ?? undefined
  }

  /** An option that is an integer ≥ 0. */
  integer(name: string): number | undefined {
    const word = this.option(name)
    return word === undefined ? undefined : integerIn(word, `--${name}`)
  }
}

/** A word that is an integer ≥ 0. */
export function integerIn({ text }: Word, what: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new Mistake(`${what} must be a whole number, not ${asWord(text)}`)
}

/** `--at VIEW`, or `--reverse` */
export function optionForm({ name, value }: Option): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`
}

/** `get KEY [--at VIEW]`; with the directory that the one-shot form may begin with, unless it `isAt` one. */
export function usage(command: Command, isAt = false): string {
  const words = command.arguments.map(({ name, optional }, i) => {
    const shown = command.rest && i === command.arguments.length - 1 ? `${name}…` : name
    return optional ? `[${shown}]` : shown
  })
  const options = command.options.map(option => {
    return option.required === true ? optionForm(option) : `[${optionForm(option)}]`
  })
  const directory = command.directory === true && !isAt ? ['[DIR]'] : []
  return [command.name, ...directory, ...words, ...options].join(' ')
}

/** The command of a name. @throws Mistake that names the nearest */
export async function commandNamed(commands: readonly Command[], name: string): Promise<Command> {
  const found = commands.find(command => command.name === name)
  if (found !== undefined) return found
  const names = commands.map(({ name }) => name)
  const like = await nearest(name, names)
  const hint = like === undefined ? '`help` lists the commands' : `did you mean ${like}?`
  throw new Mistake(`there is no command ${asWord(name)}`, hint)
}

/** The name that the user most likely meant; undefined if none is near. */
export async function nearest(
  given: string,
  names: readonly string[],
): Promise<string | undefined> {
  // Loaded only after a typing error.
  const { distance } = await import('fastest-levenshtein')
  const letters = (text: string) => [...text].sort().join('')
  const offBy = (name: string) => {
    // Swapped letters count as one slip.
    return letters(name) === letters(given) ? 1 : distance(given.toLowerCase(), name.toLowerCase())
  }
  const near = names
    .map(name => ({ name, off: offBy(name) }))
    .filter(({ name, off }) => off <= Math.max(1, Math.round(name.length / 3)))
    .sort((a, b) => a.off - b.off)
  const begins = names.find(name => given.length > 1 && name.startsWith(given))
  return begins ?? near[0]?.name
}

/**
 * The call of a command with the tokens after its name.
 * @param besides names of options, besides its own, that the user may have meant
 * @throws Mistake for an unknown option, a missing value, too many words
 */
export async function callOf(
  command: Command,
  tokens: readonly Token[],
  besides: readonly string[] = [],
): Promise<Call> {
  if (command.raw) return new Call(command, [], new Map(), tokens)
  const words: Word[] = []
  const options = new Map<string, Word | null>()
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]
    if (token.is === 'separator') continue
    if (token.is === 'word') {
      words.push(token)
      continue
    }
    const option = command.options.find(o => o.name === token.name || o.alias === token.name)
    if (option === undefined) throw await unknownOption(command, token.name, besides)
    let { value } = token
    if (option.value === undefined) {
      if (value !== undefined) throw new Mistake(`--${token.name} takes no value`)
    } else if (value === undefined) {
      const next = tokens[++i]
      if (next?.is !== 'word') {
        throw new Mistake(`--${token.name} needs a value: ${option.value}`)
      }
      value = next
    }
    options.set(option.name, value ?? null)
  }
  const required = command.arguments.filter(({ optional }) => !optional).length
  if (words.length < required) {
    const { name } = command.arguments[words.length]
    throw new Mistake(`${command.name} needs ${name}`, usage(command))
  }
  if (words.length > command.arguments.length && !command.rest) {
    const extra = asWord(words[command.arguments.length].text)
    const hint = `${usage(command)}\nquote words with spaces: 'two words'`
    throw new Mistake(`${command.name} takes no further word: ${extra}`, hint)
  }
  return new Call(command, words, options, tokens)
}

async function unknownOption(
  command: Command,
  name: string,
  besides: readonly string[],
): Promise<Mistake> {
  const names = [...command.options.map(({ name }) => name), ...besides]
  const like = await nearest(name, names)
  const hint = like === undefined ? usage(command) : `did you mean --${like}?`
  return new Mistake(`${command.name} has no option --${name}`, hint)
}
