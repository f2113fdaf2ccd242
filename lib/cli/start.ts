/** The common part of all ways to start: opening, loading, and writing back. */
import { COMMANDS } from './commands/all.js'
import { errorText, explain, withHint } from './explain.js'
import { keyForm } from './literals.js'
import { hasColours, outliveReader } from './output.js'
import { coloured, plain } from './paint.js'
import type { Backend } from './prompt.js'
import { Screen } from './screen.js'
import { type Opening, Session } from './session.js'
import { runLine, type Shell } from './shell.js'
import { asWord, Mistake } from './words.js'

export interface Start extends Partial<Opening> {
  /** Files to load first, and to write back to. */
  readonly from?: string | undefined
  readonly to?: string | undefined
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
 */
export async function openShell(start: Start, isSession: boolean): Promise<Shell> {
  const { stdout, stderr, env } = process
  const isTerminal = stdout.isTTY === true && start.json !== true
  const paint = hasColours(stdout, env) ? coloured : plain
  const form = start.json === true ? 'json' : isTerminal ? 'terminal' : 'plain'
  if (start.to !== undefined) {
    // A file that cannot be written is reported before the work, not after it.
    const { targetOf } = await import('./files/target.js')
    if (start.to === '-') throw new Mistake('--to needs a file', '`dump` prints')
    targetOf(start.to)
    outliveReader()
  }
  const dump = start.from === undefined ? undefined : await dumpIn(start.from)
  const opening = openingFor(start, dump?.header, isSession)
  // Pages are for sessions, in which the user can ask for the next one.
  const isAsked = isSession && isTerminal && process.stdin.isTTY === true
  const session = new Session(COMMANDS, opening, isAsked ? PAGE : undefined)
  session.inputIsCommands = isSession
  const screen = new Screen(form, stdout, paint)
  const shell: Shell = { session, screen, aside: isTerminal ? stdout : stderr, paint }
  if (dump !== undefined) {
    const { restore } = await import('./files/restore.js')
    await restore(session, dump.source, dump.peeked)
  }
  if (start.store !== undefined)
    enterStore(session, start.store, isSession || start.to !== undefined)
  return shell
}

/** @param makes whether to make a missing store */
function enterStore(session: Session, name: string, makes: boolean): void {
  const there = session.stores().map(store => store.name)
  if (!makes && !there.includes(name)) {
    const hint = there.length === 0 ? 'there are none' : `there are ${there.map(asWord).join(', ')}`
    throw new Mistake(`there is no store ${asWord(name)}`, hint)
  }
  session.enter(name)
}

async function dumpIn(path: string) {
  const { openDump } = await import('./files/restore.js')
  return openDump(path)
}

/** The options for the database: with the codecs of the dump, if there is one. */
function openingFor(
  start: Start,
  header: Pick<Opening, 'keys' | 'values'> | undefined,
  isSession: boolean,
): Opening {
  const { keys, values, maxBytes } = start
  // The versions of a file may go back there: without --history none is lost on the way.
  const all = start.from !== undefined || !isSession ? Number.POSITIVE_INFINITY : undefined
  const history = start.history ?? all
  if (header === undefined) {
    return { keys: keys ?? 'string', values: values ?? 'msgpack', history, maxBytes }
  }
  const differs = (name: string, given: string | undefined, has: string) => {
    if (given === undefined || given === has) return
    throw new Mistake(`--${name} ${given}: ${start.from} has ${name} of codec ${has}`)
  }
  differs('keys', keys === undefined ? undefined : keyForm(keys).name, header.keys)
  differs('values', values, header.values)
  return { keys: header.keys, values: header.values, history, maxBytes }
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
  const { session } = shell
  let ok = true
  if (process.stdin.isTTY && process.stdout.isTTY) {
    const { prompt } = await import('./prompt.js')
    await prompt(() => backendOf(shell))
  } else {
    const { runScript } = await import('./script.js')
    ok = await runScript(shell, process.stdin, start.keepGoing === true, text => {
      process.stderr.write(`zverse: ${text}\n`)
    })
  }
  if (start.to !== undefined && !ok && start.keepGoing !== true) {
    await complain(new Mistake(`${start.to} is not written: a command failed`))
  } else if (start.to !== undefined) {
    const { saveDump } = await import('./files/save.js')
    session.tx?.abort()
    await saveDump(session, start.to)
  }
  shell.screen.end()
  session.close()
  return ok ? 0 : 1
}
