/** Runs commands, from tokens to output. Used by the prompt, the pipe and one-shot forms. */
import { performance } from 'node:perf_hooks'
import { callOf, commandNamed } from './command.js'
import { watched } from './commands/transactions.js'
import type { Sink } from './output.js'
import { type Paint, plain } from './paint.js'
import type { Screen } from './screen.js'
import type { Session } from './session.js'
import type { Token } from './words.js'
import { Mistake } from './words.js'

export interface Shell {
  readonly session: Session
  readonly screen: Screen
  /** The stream for times. */
  readonly aside: Sink
  readonly paint?: Paint
}

/** Runs the commands in a line, one after the other. */
export async function runLine(shell: Shell, tokens: readonly Token[]): Promise<void> {
  for (const command of commandsIn(tokens)) {
    if (shell.session.ended) return
    await run(shell, command)
  }
}

/** Runs one command. */
export async function run(shell: Shell, tokens: readonly Token[]): Promise<void> {
  const { session, screen, aside, paint = plain } = shell
  const [first, ...rest] = tokens
  if (first.is !== 'word') throw new Mistake('a line begins with a command', '`help` lists them')
  const command = await commandNamed(session.commands, first.text)
  const call = await callOf(command, rest)
  const begin = performance.now()
  const { tx } = session
  try {
    const result = await command.run(session, call)
    // An unfinished output that was read in a transaction ends with it.
    if (tx !== null && session.tx !== tx) screen.end()
    await screen.print(result, session)
    await screen.print(watched(session), session)
    if (result.is === 'text' && result.fault !== undefined) throw new Mistake(result.fault)
  } finally {
    if (session.timing) aside.write(`${paint('dim', `time: ${took(performance.now() - begin)}`)}\n`)
  }
}

/** The commands between semicolons; semicolons in a batch separate its operations. */
function commandsIn(tokens: readonly Token[]): Token[][] {
  const commands: Token[][] = []
  let open: Token[] | null = null
  for (const token of tokens) {
    const isBatch = open !== null && open[0].is === 'word' && open[0].text === 'batch'
    if (token.is === 'separator' && !isBatch) open = null
    else if (open === null) commands.push((open = [token]))
    else open.push(token)
  }
  return commands
}

function took(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`
  return ms >= 1 ? `${ms.toFixed(1)} ms` : `${(ms * 1000).toFixed(0)} µs`
}
