/**
 * Arguments of the process: options of `zverse` itself, and one-shot forms of the commands.
 *
 * yargs knows the commands from the table; what is wrong with a command's own words is told by the
 * same code as at the prompt.
 */
import { readFileSync, statSync } from 'node:fs'
import type { Argv } from 'yargs'
import yargs from 'yargs'
import { type Command, callOf, commandNamed, nearest, type Option, usage } from './command.js'
import { COMMANDS } from './commands/all.js'
import { commandHelp, optionLines, overview } from './help.js'
import { run } from './shell.js'
import { complain, openShell, type Start, startSession } from './start.js'
import { argvTokens, asWord, Mistake, type Token } from './words.js'

/** The options of `zverse` itself. */
export const OWN_OPTIONS: readonly Option[] = [
  { name: 'from', value: 'FILE', summary: 'begin with what `dump` has written to FILE' },
  { name: 'to', value: 'FILE', summary: 'write the database to FILE in the end' },
  { name: 'store', value: 'NAME', summary: 'the named store to read and write' },
  { name: 'keys', value: 'CODEC', summary: 'the codec of keys: string, tuple, binary, zorder(…)' },
  { name: 'values', value: 'CODEC', summary: 'the codec of values: msgpack, json, string, binary' },
  {
    name: 'history',
    value: 'N',
    summary: 'how many past versions to keep; default 1000, of a file all',
  },
  { name: 'max-bytes', value: 'SIZE', summary: 'room for data, 1m to 16g; default 1g' },
  { name: 'json', summary: 'print JSON, one value a line' },
  { name: 'keep-going', summary: 'on a pipe: go on after a command that failed' },
  { name: 'help', summary: 'this' },
  { name: 'version', summary: 'the version of zverse' },
]

/** What yargs is told of the arguments as it has taken them apart. */
interface Parsed {
  readonly _: readonly (string | number)[]
  readonly words?: readonly string[]
  readonly '--'?: readonly string[]
  readonly [option: string]: unknown
}

/** Runs what the arguments say. @returns the exit code */
export async function runArguments(argv: readonly string[]): Promise<number> {
  let chosen: { command: Command | null; parsed: Parsed } | null = null
  const choose = (command: Command | null) => (parsed: unknown) => {
    chosen = { command, parsed: lastOf(parsed as Parsed) }
  }
  let parser = yargs([...argv])
    .parserConfiguration({
      ...{ 'parse-numbers': false, 'parse-positional-numbers': false, 'dot-notation': false },
      ...{ 'boolean-negation': false, 'camel-case-expansion': false, 'populate--': true },
      ...{ 'unknown-options-as-args': true },
    })
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new Mistake(message)
    })
    .command('$0 [words..]', false, own(OWN_OPTIONS), choose(null) as never)
  for (const command of COMMANDS) {
    const isOwn = ({ name }: Option) => command.options.every(option => option.name !== name)
    const options = [...OWN_OPTIONS.filter(isOwn), ...command.options]
    parser = parser.command(
      `${command.name} [words..]`,
      command.summary,
      own(options),
      choose(command) as never,
    )
  }
  await parser.parseAsync()
  const { command, parsed } = chosen as unknown as { command: Command | null; parsed: Parsed }
  if (command === null) return withoutCommand(parsed, argv)
  if (parsed.help === true) return printed(commandHelp(command))
  return oneShot(command, parsed)
}

/** Of an option that is given more than once the last counts, as at the prompt. */
function lastOf(parsed: Parsed): Parsed {
  const own = Object.entries(parsed).map(([name, value]) => {
    const isOption = name !== '_' && name !== '--' && name !== 'words'
    return [name, isOption && Array.isArray(value) ? value.at(-1) : value]
  })
  return Object.fromEntries(own)
}

/** Tells yargs the options. */
function own(options: readonly Option[]) {
  return (parser: Argv) => {
    for (const { name, value, summary } of options) {
      const type = value === undefined ? 'boolean' : 'string'
      parser.option(name, {
        type,
        describe: summary,
        ...(value === undefined ? {} : { requiresArg: true }),
      })
    }
    return parser.positional('words', { type: 'string', array: true }) as Argv
  }
}

// ── Without a command ─────────────────────────────────────────────────────────────────────────────

async function withoutCommand(parsed: Parsed, argv: readonly string[]): Promise<number> {
  if (parsed.version === true) return printed(packageVersion())
  if (parsed.help === true) return printed(ownHelp())
  const [first] = parsed.words ?? []
  if (first === undefined) return startSession(startOf(parsed))
  if (first.startsWith('--')) {
    const name = first.slice(2).split('=')[0]
    const like = await nearest(
      name,
      OWN_OPTIONS.map(({ name }) => name),
    )
    const hint = like === undefined ? '`zverse --help` lists them' : `did you mean --${like}?`
    throw new Mistake(`there is no option --${name}`, hint)
  }
  if (/[/\\]/.test(first) || isDirectory(first)) {
    throw new Mistake(
      `${first}: directories cannot be opened yet: this version keeps everything in memory`,
      'a dump can be kept in a file: zverse --from FILE --to FILE',
    )
  }
  if (statSync(first, { throwIfNoEntry: false })?.isFile() && !isCommand(first)) {
    const hint = `a dump is opened with: zverse --from ${first}`
    throw new Mistake(`there is no command ${asWord(first)}, but a file`, hint)
  }
  const { name } = await commandNamed(COMMANDS, first)
  // Options came before the command, where only it could tell which of them take a value.
  const at = argv.indexOf(name)
  if (at > 0) return runArguments([name, ...argv.slice(0, at), ...argv.slice(at + 1)])
  throw new Mistake(`there is no command ${asWord(first)}`)
}

const isCommand = (word: string) => COMMANDS.some(({ name }) => name === word)

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

function printed(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function ownHelp(): string {
  return [
    'zverse                      a prompt on a new database in memory\n' +
      'zverse < FILE               commands from a file or pipe\n' +
      'zverse COMMAND … --from FILE  one command on what `dump` has written',
    `Options\n${optionLines(OWN_OPTIONS)}`,
    overview(COMMANDS),
  ].join('\n\n')
}

// ── One-shot forms ────────────────────────────────────────────────────────────────────────────────

async function oneShot(command: Command, parsed: Parsed): Promise<number> {
  const start = startOf(parsed, command)
  const tokens = tokensFrom(command, parsed)
  const { name, needs } = command
  // A mistake in the words is told before any file is read.
  const own = OWN_OPTIONS.map(({ name }) => name)
  const call = await callOf(command, tokens, own)
  const writes = needs === 'to' || call.has('drop')
  if (needs === 'prompt') {
    throw new Mistake(`${name} means something only at the prompt`, 'start it with `zverse`')
  }
  if (writes && start.to === undefined) {
    const hint = `--to FILE keeps it: ${shown(command)} --from old.jsonl --to new.jsonl`
    throw new Mistake(`nothing of what ${name} writes would be kept`, hint)
  }
  if (needs === 'from' && start.from === undefined && !writes) {
    const hint = `--from FILE reads a dump: ${shown(command)} --from FILE`
    throw new Mistake(`there is nothing that ${name} could read`, hint)
  }
  if (command.options.some(({ alias }) => alias === 'to') && /^\d+$/.test(start.to ?? '')) {
    const hint = `--until ${start.to} is the last version that ${name} tells of`
    throw new Mistake(`--to ${start.to} would write a file of that name`, hint)
  }
  const shell = await openShell(start, false)
  try {
    await run(shell, [{ is: 'word', form: 'argv', text: name }, ...tokens])
    if (start.to !== undefined) {
      const { saveDump } = await import('./files/save.js')
      await saveDump(shell.session, start.to)
    }
    return 0
  } catch (error) {
    await complain(error, shell.session)
    return 1
  } finally {
    shell.screen.end()
    shell.session.close()
  }
}

const shown = (command: Command) => `zverse ${usage({ ...command, options: [] })}`

/** The words and options of a one-shot form, as they would be at the prompt. */
function tokensFrom(command: Command, parsed: Parsed): Token[] {
  const options = command.options.flatMap(({ name, value }): Token[] => {
    const given = parsed[name]
    if (given === undefined || given === false) return []
    const [word] = argvTokens([String(given)])
    return [{ is: 'option', name, value: value === undefined ? undefined : word }]
  })
  const words = (parsed.words ?? []).map(String).flatMap((text): Token[] => {
    const [, name, value] = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(text) ?? []
    if (name === undefined || command.raw) return argvTokens([text])
    return [{ is: 'option', name, value: value === undefined ? undefined : argvTokens([value])[0] }]
  })
  return [...options, ...words, ...argvTokens((parsed['--'] ?? []).map(String))]
}

/** The options of `zverse` itself; those of the command go first where they have the same name. */
function startOf(parsed: Parsed, command?: Command): Start {
  const text = (name: string) => {
    const isOther = command?.options.some(option => option.name === name)
    return isOther ? undefined : (parsed[name] as string | undefined)
  }
  const history = text('history')
  if (history !== undefined && !/^\d+$/.test(history)) {
    throw new Mistake(`--history must be a number of versions, not ${asWord(history)}`)
  }
  return {
    ...{ from: text('from'), to: text('to'), keys: text('keys'), values: text('values') },
    ...{
      store: text('store'),
      json: parsed.json === true,
      keepGoing: parsed['keep-going'] === true,
    },
    history: history === undefined ? undefined : Number(history),
    maxBytes: sizeIn(text('max-bytes')),
  }
}

/** A size as `512m`. */
function sizeIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, digits, unit = ''] = /^(\d+)([kmg]?)b?$/i.exec(text) ?? []
  if (digits === undefined)
    throw new Mistake(`--max-bytes must be a size, not ${asWord(text)}`, '512m, 4g')
  const size = Number(digits) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ')
  if (size >= 2 ** 20 && size <= 2 ** 34) return size
  throw new Mistake(`--max-bytes must be 1m to 16g, not ${text}`)
}
