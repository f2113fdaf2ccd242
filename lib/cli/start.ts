/** The common part of all ways to start: opening, loading, and writing back. */
import { COMMANDS } from './commands/all.js'
import { errorText, explain, withHint } from './explain.js'
import { keyForm } from './literals.js'
import { hasColours, outliveReader } from './output.js'
import { coloured, plain } from './paint.js'
import { greeting, type Look, lookAt, openingProgress, unopened } from './place.js'
import type { Backend } from './prompt.js'
import { joined } from './replica.js'
import { Screen } from './screen.js'
import { type Opening, Session } from './session.js'
import { runLine, type Shell } from './shell.js'
import { beforeSignals } from './signals.js'
import { asWord, Mistake } from './words.js'

export interface Start extends Partial<Opening> {
  /** Files to load first, and to write back to. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Makes the database in `path` if there is none. */
  readonly create?: boolean | undefined
  /** A named store to begin in. */
  readonly store?: string | undefined
  readonly json?: boolean | undefined
  readonly keepGoing?: boolean | undefined
}

/** Rows per page on a terminal. */
const PAGE = 20

/**
 * Opens a session by options, and loads the dump of `--from`.
 * @param isSession true for more than one command
 * @param keeps true if a database in a directory may be written: that goes on when nobody reads the output
 */
export async function openShell(
  start: Start,
  isSession: boolean,
  keeps = isSession,
): Promise<Shell> {
  const { stdout, stderr, env } = process
  const isTerminal = stdout.isTTY === true && start.json !== true
  const paint = hasColours(stdout, env) ? coloured : plain
  const form = start.json === true ? 'json' : isTerminal ? 'terminal' : 'plain'
  if (start.to !== undefined) {
    // A file that cannot be written is reported before the work, not after it.
    const { targetOf } = await import('./files/target.js')
    if (start.to === '-') throw new Mistake('--to needs a file', '`dump` prints')
    targetOf(start.to)
  }
  if (start.to !== undefined || (start.path !== undefined && keeps)) outliveReader()
  const { path } = start
  const found = path === undefined ? null : lookAt(path, start.create === true)
  const dump = start.from === undefined ? undefined : await dumpIn(start.from)
  const opening = openingFor(start, dump?.header, found, isSession)
  // Pages are for sessions, in which the user can ask for the next one.
  const isAsked = isSession && isTerminal && process.stdin.isTTY === true
  const session = await sessionFor(opening, isAsked ? PAGE : undefined, start, found)
  session.inputIsCommands = isSession
  session.wasMade = path !== undefined && found === null
  const screen = new Screen(form, stdout, paint)
  const shell: Shell = { session, screen, aside: isTerminal ? stdout : stderr, paint }
  try {
    if (dump !== undefined) {
      const { restore } = await import('./files/restore.js')
      await restore(session, dump.source, dump.peeked)
    }
    const makes = keeps || start.to !== undefined
    if (start.store !== undefined) await enterStore(session, start.store, makes)
    return shell
  } catch (error) {
    await session.close()
    throw error
  }
}

/** @param asked the codecs that were asked for, or that the directory has */
async function sessionFor(
  opening: Opening,
  limit: number | undefined,
  { keys, values, history }: Start,
  found: Look | null,
): Promise<Session> {
  const { path, repair, replica } = opening
  const opened = async (opening: Opening) => {
    if (replica === undefined) return new Session(COMMANDS, opening, limit)
    const asked = { keys: keys ?? found?.keys, values: values ?? found?.values }
    const { db, opening: made } = await joined(replica, opening, asked)
    const session = new Session(COMMANDS, made, limit, db)
    if (history !== undefined) await session.change(() => db.setHistory({ versions: history }))
    return session
  }
  if (path === undefined) return opened(opening)
  const { onProgress, end } = await openingProgress(process.stderr)
  try {
    return await opened({ ...opening, onProgress })
  } catch (error) {
    throw unopened(error, path, repair)
  } finally {
    end()
  }
}

/** @param makes whether to make a missing store */
async function enterStore(session: Session, name: string, makes: boolean): Promise<void> {
  const there = session.stores().map(store => store.name)
  if (!makes && !there.includes(name)) {
    const hint = there.length === 0 ? 'there are none' : `there are ${there.map(asWord).join(', ')}`
    throw new Mistake(`there is no store ${asWord(name)}`, hint)
  }
  await session.enter(name)
}

async function dumpIn(path: string) {
  const { openDump } = await import('./files/restore.js')
  return openDump(path)
}

/** The options for the database: with the codecs of the directory or the dump, if there is one. */
function openingFor(
  start: Start,
  header: Pick<Opening, 'keys' | 'values'> | undefined,
  found: Look | null,
  isSession: boolean,
): Opening {
  const { from, path, keys, values, maxBytes, sync, repair, replica } = start
  const codecs = agreed([
    ['', { keys: keys === undefined ? undefined : keyForm(keys).name, values }],
    [path, found ?? {}],
    [from, header ?? {}],
  ])
  const opening = { keys: codecs.keys ?? 'string', values: codecs.values ?? 'msgpack', maxBytes }
  // The versions of a file may go back there: without --history none is lost on the way.
  const isAlone = !isSession && path === undefined
  const isWhole = replica === undefined && (from !== undefined || isAlone)
  const all = isWhole && found === null ? Number.POSITIVE_INFINITY : undefined
  const history = start.history ?? all
  if (path === undefined) return { ...opening, history, replica }
  if (found?.hasPast === true && history !== undefined && start.past === undefined) {
    const hint = 'say with --past how much of it to keep: a number of versions, all, or 0'
    throw new Mistake(`${path} keeps a past on disk, which --history alone would end`, hint)
  }
  if (found !== null && history === undefined && start.past !== undefined) {
    const hint = 'say with --history how many versions memory keeps, too'
    throw new Mistake('--past alone would have memory keep another number of versions', hint)
  }
  // One command is done before a worker would have begun.
  const disk = { past: start.past, path, sync, repair, background: isSession }
  return { ...opening, ...disk, history, replica }
}

type Given = { readonly keys?: string | undefined; readonly values?: string | undefined }

/** The codecs in which all who name some agree. @throws Mistake */
function agreed(sources: readonly (readonly [string | undefined, Given])[]): Given {
  const codecs: { keys?: string; values?: string } = {}
  for (const kind of ['keys', 'values'] as const) {
    let by: string | undefined
    for (const [name, { [kind]: codec }] of sources) {
      const other = codecs[kind]
      if (codec === undefined) continue
      if (other !== undefined && other !== codec) {
        const said = by === '' ? `--${kind} ${other}` : `${by} has ${kind} of codec ${other}`
        throw new Mistake(`${said}: ${name} has ${kind} of codec ${codec}`)
      }
      codecs[kind] = codec
      by = name
    }
  }
  return codecs
}

/** Prints an error. */
export async function complain(error: unknown, session?: Session): Promise<void> {
  process.stderr.write(`zverse: ${withHint(await explain(error, session))}\n`)
}

/** The session for the prompt. */
async function backendOf(shell: Shell): Promise<Backend> {
  const { complete } = await import('./complete.js')
  return {
    shell,
    run: tokens => runLine(shell, tokens),
    complete: line => {
      try {
        return complete(shell.session, line)
      } catch {
        // On an error nothing is offered: the command itself will report it.
        return [[], line]
      }
    },
    explain: async error => errorText(await explain(error, shell.session), shell.paint),
  }
}

/** A prompt on a new database, as `zverse` opens it without arguments. */
export async function openPlain(): Promise<Backend> {
  return backendOf(await openShell({}, true))
}

/** `zverse` without a command: the prompt on a terminal, else commands from the pipe. @returns exit code */
export async function startSession(start: Start): Promise<number> {
  const shell = await openShell(start, true)
  try {
    return (await runSession(shell, start)) ? 0 : 1
  } finally {
    shell.screen.end()
    await shell.session.close()
  }
}

/** A signal that ends the process closes first what has a directory, or a log. @returns what ends that */
export function endsWithSignals(session: Session): () => void {
  const isKept = session.path !== undefined || session.replica !== undefined
  return isKept ? beforeSignals(() => session.close()) : () => {}
}

/** Runs commands to their end. @returns whether all went well */
async function runSession(shell: Shell, start: Start): Promise<boolean> {
  const { session } = shell
  let ok = true
  if (process.stdin.isTTY && process.stdout.isTTY) {
    const { prompt } = await import('./prompt.js')
    const { paint = plain } = shell
    if (session.path !== undefined || session.replica !== undefined) {
      process.stdout.write(`${paint('dim', greeting(session))}\n`)
    }
    await prompt(() => backendOf(shell), session.prompt)
  } else {
    const { runScript } = await import('./script.js')
    const stop = endsWithSignals(session)
    try {
      ok = await runScript(shell, process.stdin, start.keepGoing === true, text => {
        process.stderr.write(`zverse: ${text}\n`)
      })
    } finally {
      stop()
    }
  }
  if (start.to !== undefined && !ok && start.keepGoing !== true) {
    await complain(new Mistake(`${start.to} is not written: a command failed`))
  } else if (start.to !== undefined) {
    const { saveDump } = await import('./files/save.js')
    session.tx?.abort()
    await saveDump(session, start.to)
  }
  return ok
}
