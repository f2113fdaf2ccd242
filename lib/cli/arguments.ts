/**
 * Arguments of the process: options of `zverse` itself, and one-shot forms of the commands.
 *
 * Options are taken out wherever they stand, by the command table; all other arguments are words. The same
 * code as at the prompt reports mistakes in a command's own words.
 */
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import yargs from 'yargs'
import { type Command, callOf, commandNamed, nearest, type Option, usage } from './command.js'
import { COMMANDS } from './commands/all.js'
import { commandHelp, optionLines, overview } from './help.js'
import { isDirectory, meansDirectory } from './place.js'
import { type Joining, joiningIn } from './replica.js'
import { run } from './shell.js'
import { complain, endsWithSignals, openShell, type Start, startSession } from './start.js'
import { argvTokens, asWord, Mistake, type Token } from './words.js'

const SYNC_MODES = ['commit', 'interval', 'never'] as const

/** The options of `zverse` itself. */
export const OWN_OPTIONS: readonly Option[] = [
  { name: 'from', value: 'FILE', summary: 'begin with the dump in FILE; or open a directory' },
  {
    name: 'to',
    value: 'FILE',
    summary: 'write the database to FILE at the end; or open a directory',
  },
  { name: 'create', summary: 'make the database in a directory if there is none' },
  { name: 'store', value: 'NAME', summary: 'the named store to read and write' },
  { name: 'keys', value: 'CODEC', summary: 'the codec of keys: string, tuple, binary, zorder(…)' },
  { name: 'values', value: 'CODEC', summary: 'the codec of values: msgpack, json, string, binary' },
  {
    name: 'history',
    value: 'N',
    summary:
      'how many past versions to keep; default 1000, with --from FILE all, in a directory as before',
  },
  {
    ...{ name: 'past', value: 'N' },
    summary: 'in a directory: how many versions of the past the disk keeps, or all; 0 for none',
  },
  {
    ...{ name: 'sync', value: 'MODE', choices: SYNC_MODES },
    summary: 'in a directory: sync at each commit (default), at an interval, or never',
  },
  {
    ...{ name: 'nats', value: 'URL' },
    summary: 'join a replicated log: the servers of NATS that have it, with commas between',
  },
  {
    name: 'stream',
    value: 'NAME',
    summary: 'of a replicated log: its stream; made if there is none',
  },
  { name: 'replicas', value: 'N', summary: 'of a stream that is made: how many servers keep it' },
  { name: 'max-bytes', value: 'SIZE', summary: 'room for data, 1m to 16g; default 1g' },
  { name: 'json', summary: 'print JSON, one value a line' },
  { name: 'keep-going', summary: 'on a pipe: go on after a command that failed' },
  { name: 'help', summary: 'print this help' },
  { name: 'version', summary: 'print the version of zverse' },
]

/** Arguments, taken apart. */
interface Parsed {
  readonly command: Command | undefined
  /** The values of known options, true for flags; of an option that comes twice the last counts. */
  readonly given: ReadonlyMap<string, string | true>
  /** All other arguments but the name of the command, unknown options included. */
  readonly words: readonly string[]
  /** The arguments after `--`, unchanged. */
  readonly rest: readonly string[]
  /** Makes the log of `--nats`; by default one in NATS. */
  readonly log?: Joining['log'] | undefined
}

/**
 * Runs the arguments.
 * @param log makes the log that `--nats` joins, instead of one in NATS: for tests
 * @returns the exit code
 */
export async function runArguments(argv: readonly string[], log?: Joining['log']): Promise<number> {
  const parsed = { ...takenApart(argv), log }
  const { command, given } = parsed
  if (given.has('version')) return printed(packageVersion())
  if (given.has('help')) return printed(command === undefined ? ownHelp() : commandHelp(command))
  return command === undefined ? withoutCommand(parsed) : oneShot(command, parsed)
}

/**
 * Takes arguments apart. A flag takes no word; an option with a value takes the next one,
 * unless that is an option.
 * @throws Mistake for a flag with a value, and an option without one
 */
export function takenApart(argv: readonly string[]): Parsed {
  const at = firstWord(argv)
  const command = COMMANDS.find(({ name }) => name === argv[at])
  const args = command === undefined ? [...argv] : argv.filter((_, i) => i !== at)
  // The command's options win over zverse's own of the same name.
  const known = new Map([...OWN_OPTIONS, ...(command?.options ?? [])].map(o => [o.name, o]))
  const parser = yargs(prepared(args, known))
    .parserConfiguration({
      ...{ 'parse-numbers': false, 'parse-positional-numbers': false, 'dot-notation': false },
      ...{ 'boolean-negation': false, 'camel-case-expansion': false, 'populate--': true },
      // If an option is given more than once, the last counts, as at the prompt.
      'duplicate-arguments-array': false,
    })
    .help(false)
    .version(false)
    .exitProcess(false)
  for (const { name, value } of known.values()) {
    // A flag is complete by itself: yargs would take a following `true` or `false` for its value.
    if (value === undefined) parser.option(name, { type: 'boolean', nargs: 0 })
    else parser.option(name, { type: 'string', nargs: 1 })
  }
  const parsed = parser.parseSync()
  const given = new Map<string, string | true>()
  for (const name of known.keys()) {
    const value = parsed[name]
    if (value !== undefined) given.set(name, value === true ? value : plain(String(value)))
  }
  const words = parsed._.map(word => plain(String(word)))
  const rest = (parsed['--'] as readonly string[] | undefined) ?? []
  return { command, given, words, rest }
}

/** Precedes words that yargs must not parse: it would take `--no-json`, `-5` and `--a.b` for options. */
const OPAQUE = '\0'

const plain = (text: string) => (text.startsWith(OPAQUE) ? text.slice(1) : text)

/**
 * Arguments in which only known options look like options.
 * @throws Mistake for a flag with a value, and an option without one
 */
function prepared(args: readonly string[], known: ReadonlyMap<string, Option>): string[] {
  const optionIn = (text: string | undefined) => known.get(/^--([^=]+)/.exec(text ?? '')?.[1] ?? '')
  const ready: string[] = []
  for (let i = 0; i < args.length; i++) {
    const text = args[i]
    if (text === '--') return [...ready, ...args.slice(i)]
    const option = optionIn(text)
    if (option === undefined) {
      ready.push(OPAQUE + text)
      continue
    }
    ready.push(text)
    const { name, value } = option
    const hasValue = text.includes('=')
    if (value === undefined && hasValue) throw new Mistake(`--${name} takes no value`)
    if (value === undefined || hasValue) continue
    const next = args[++i]
    const isMissing = next === undefined || next === '--' || optionIn(next) !== undefined
    if (isMissing) throw new Mistake(`--${name} needs a value: ${value}`)
    ready.push(OPAQUE + next)
  }
  return ready
}

/** Index of the first word that belongs to no option of `zverse` itself. */
function firstWord(argv: readonly string[]): number {
  let at = 0
  while (argv[at]?.startsWith('--')) {
    const own = OWN_OPTIONS.find(({ name }) => argv[at] === `--${name}`)
    at += own?.value === undefined ? 1 : 2
  }
  return at
}

// ── Without a command ─────────────────────────────────────────────────────────────────────────────

async function withoutCommand(parsed: Parsed): Promise<number> {
  const words = [...parsed.words, ...parsed.rest]
  const [first, second] = words
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
  const isFile = statSync(first, { throwIfNoEntry: false })?.isFile() === true
  if (!isFile && (/[/\\]/.test(first) || meansDirectory(first, parsed.given.has('create')))) {
    if (second === undefined) return startSession(startOf(parsed, undefined, first))
    const hint = isCommand(second)
      ? `one command: zverse ${asWord(second)} … --from ${asWord(first)}`
      : 'quote names with spaces'
    throw new Mistake(`a directory takes no further word: ${asWord(second)}`, hint)
  }
  if (isFile && !isCommand(first)) {
    const hint = `open a dump with: zverse --from ${first}`
    throw new Mistake(`there is no command ${asWord(first)}, but a file`, hint)
  }
  // No command has this name, so this throws the error that names the nearest one.
  if (second !== undefined) await commandNamed(COMMANDS, first)
  const like = await nearest(
    first,
    COMMANDS.map(({ name }) => name),
  )
  const meant = like === undefined ? '`zverse --help` lists the commands' : `did you mean ${like}?`
  throw new Mistake(
    `there is no command ${asWord(first)}, nor a directory`,
    `${meant}\n\`zverse ${asWord(first)} --create\` makes a database there`,
  )
}

const isCommand = (word: string) => COMMANDS.some(({ name }) => name === word)

function printed(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** What `zverse --help` prints. */
export function ownHelp(): string {
  return [
    'zverse                        a prompt on a new database in memory\n' +
      'zverse DIR                    a prompt on the database in a directory\n' +
      'zverse --nats … --stream …    a prompt on a replica of a log in NATS\n' +
      'zverse < FILE                 commands from a file or pipe\n' +
      'zverse COMMAND … --from DIR   one command on a directory\n' +
      'zverse COMMAND … --from FILE  one command on what `dump` has written',
    `Options\n${optionLines(OWN_OPTIONS)}`,
    overview(COMMANDS),
  ].join('\n\n')
}

// ── One-shot forms ────────────────────────────────────────────────────────────────────────────────

async function oneShot(command: Command, parsed: Parsed): Promise<number> {
  const place = placeIn(command, parsed)
  const start = startOf(parsed, command, place)
  const tokens = tokensFrom(command, place === undefined ? parsed : without(parsed, place))
  const { name, needs } = command
  // Mistakes in the words are reported before any file is read.
  const own = OWN_OPTIONS.map(({ name }) => name)
  const call = await callOf(command, tokens, own)
  const writes = needs === 'to' || command.writes?.(call) === true
  const hasDirectory = start.path !== undefined
  const isReplica = start.replica !== undefined
  if (needs === 'prompt') {
    throw new Mistake(`${name} works only at the prompt`, 'start the prompt with `zverse`')
  }
  if (needs === 'directory' && !hasDirectory) {
    throw new Mistake(`${name} needs a directory`, `zverse ${name} DIR`)
  }
  if (start.repair === true && isReplica) {
    throw new Mistake('repair opens the directory alone', 'leave out --nats and --stream')
  }
  if (writes && isReplica && start.to !== undefined) {
    const hint = `leave out --to FILE; \`zverse dump FILE --history --nats …\` writes a dump`
    throw new Mistake(`the changes of ${name} would be in the log, too`, hint)
  }
  if (writes && hasDirectory && start.to !== undefined) {
    const hint = `--to DIR alone keeps them there; \`zverse dump FILE --history --from DIR\` writes a dump`
    throw new Mistake(`the changes of ${name} would be in ${start.path}, too`, hint)
  }
  if (writes && !hasDirectory && !isReplica && start.to === undefined) {
    const hint = `--to DIR keeps them, or: ${shown(command)} --from old.jsonl --to new.jsonl`
    throw new Mistake(`the changes of ${name} would be lost`, hint)
  }
  const hasPlace = start.from !== undefined || hasDirectory || isReplica
  if (needs === 'from' && !hasPlace && !writes) {
    const hint = `--from reads a directory or a dump: ${shown(command)} --from DIR`
    throw new Mistake(`${name} has no database to read`, hint)
  }
  if (command.options.some(({ alias }) => alias === 'to') && /^\d+$/.test(start.to ?? '')) {
    const hint = `--until ${start.to} makes it the last version that ${name} prints`
    throw new Mistake(`--to ${start.to} would write a file of that name`, hint)
  }
  const shell = await openShell(start, false, writes)
  const stop = start.replica === undefined ? () => {} : endsWithSignals(shell.session)
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
    await shell.session.close()
    stop()
  }
}

const shown = (command: Command) => `zverse ${usage({ ...command, options: [] }, true)}`

/** The directory that a one-shot form begins with: `check DIR`. */
function placeIn({ directory, arguments: expected }: Command, { words, given }: Parsed) {
  const [first] = words
  if (directory === undefined || first === undefined || first.startsWith('--')) return undefined
  if (given.has('from')) return undefined
  // Where a word of another kind may be first, a directory must look like one.
  const isOver = words.filter(word => !word.startsWith('--')).length > expected.length
  const isOne = isOver || /[/\\]/.test(first) || isDirectory(first)
  return isOne ? first : undefined
}

const without = (parsed: Parsed, place: string): Parsed => {
  return { ...parsed, words: parsed.words.filter((_, i) => i !== parsed.words.indexOf(place)) }
}

/** The words and options of a one-shot form, as they would be at the prompt. */
function tokensFrom(command: Command, parsed: Parsed): Token[] {
  const options = command.options.flatMap(({ name, value }): Token[] => {
    const given = parsed.given.get(name)
    if (given === undefined) return []
    const [word] = argvTokens([String(given)])
    return [{ is: 'option', name, value: value === undefined ? undefined : word }]
  })
  const words = parsed.words.flatMap((text): Token[] => {
    const [, name, value] = /^--([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(text) ?? []
    if (name === undefined) return argvTokens([text])
    return [{ is: 'option', name, value: value === undefined ? undefined : argvTokens([value])[0] }]
  })
  return [...options, ...words, ...argvTokens(parsed.rest)]
}

/**
 * The options of `zverse` itself; the command's options win over those of the same name.
 * @param place a directory that was given as a word
 */
function startOf(parsed: Parsed, command?: Command, place?: string): Start {
  const text = (name: string) => {
    const isOther = command?.options.some(option => option.name === name)
    return isOther ? undefined : (parsed.given.get(name) as string | undefined)
  }
  const history = text('history')
  if (history !== undefined && !/^\d+$/.test(history)) {
    throw new Mistake(`--history must be a number of versions, not ${asWord(history)}`)
  }
  const sync = text('sync')
  if (sync !== undefined && !isSyncMode(sync)) {
    throw new Mistake(`--sync must be commit, interval or never, not ${asWord(sync)}`)
  }
  const places = placesIn(parsed, text('from'), text('to'), place)
  const named = joiningIn(text('nats'), text('stream'), text('replicas'))
  const replica = named && { ...named, log: parsed.log ?? named.log }
  if (replica !== undefined && places.from !== undefined) {
    const hint = `\`zverse load ${asWord(places.from)} --nats …\` loads it into the log`
    throw new Mistake('a log has a beginning of its own: it takes no --from FILE', hint)
  }
  return {
    ...places,
    ...{ sync, create: parsed.given.has('create'), repair: command?.name === 'repair' },
    ...{ keys: text('keys'), values: text('values') },
    ...{
      store: text('store'),
      json: parsed.given.has('json'),
      keepGoing: parsed.given.has('keep-going'),
    },
    history: history === undefined ? undefined : Number(history),
    past: pastIn(text('past')),
    maxBytes: sizeIn(text('max-bytes')),
    replica,
  }
}

/** Versions of the past on disk. */
function pastIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text === 'all') return Number.POSITIVE_INFINITY
  if (/^\d+$/.test(text)) return Number(text)
  throw new Mistake(`--past must be a number of versions, or all, not ${asWord(text)}`)
}

const isSyncMode = (text: string): text is (typeof SYNC_MODES)[number] => {
  return SYNC_MODES.some(mode => mode === text)
}

/** Files to load and to write, and the directory, which may be given in their place. */
function placesIn(
  { given }: Parsed,
  from: string | undefined,
  to: string | undefined,
  place: string | undefined,
): Pick<Start, 'from' | 'to' | 'path'> {
  const creates = given.has('create')
  const isPlace = (word: string | undefined, isMade: boolean): word is string => {
    return word !== undefined && word !== '-' && (isMade || meansDirectory(word, false))
  }
  const isTo = isPlace(to, creates)
  const isFrom = isPlace(from, creates && to === undefined && place === undefined)
  const places = [place, isFrom ? from : undefined, isTo ? to : undefined]
  const [path, ...others] = places.filter(word => word !== undefined)
  const other = others.find(other => resolve(other) !== resolve(path as string))
  if (other !== undefined) {
    throw new Mistake(`${path} and ${other} are two databases`, 'one at a time can be opened')
  }
  const [extra] = ['sync', 'create', 'past'].filter(name => given.has(name))
  if (path === undefined && extra !== undefined) {
    throw new Mistake(`--${extra} is for a database in a directory`, `zverse DIR --${extra} …`)
  }
  return { path, from: isFrom ? undefined : from, to: isTo ? undefined : to }
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
