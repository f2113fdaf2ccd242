/**
 * The prompt on a terminal: lines are read, edited and completed by Node's readline.
 *
 * The prompt shows before the database is loaded: the session loads while the user begins to type. One
 * line runs at a time; lines typed meanwhile wait their turn. readline keeps reading the keyboard
 * while a command runs, so that Ctrl-C arrives.
 */
import { createInterface, type Interface } from 'node:readline'
import { appendHistory, HISTORY_LINES, historyPath, readHistory } from './history-file.js'
import { hasColours } from './output.js'
import { coloured, type Paint, plain } from './paint.js'
import type { Shell } from './shell.js'
import { Lexer, oneLine, type Token } from './words.js'

/** The session behind the prompt, once it is loaded. */
export interface Backend {
  readonly shell: Shell
  run(tokens: readonly Token[]): Promise<void>
  /** The completions of the end of a line, as readline takes them. */
  complete(line: string): [string[], string]
  /** An error as the prompt shows it. */
  explain(error: unknown): Promise<string>
}

/** The part of readline's own history that it exposes, the newest first. */
type WithHistory = Interface & { history: string[] }

/**
 * Reads and runs commands until `exit` or Ctrl-D.
 * @param load loads the session; called once the prompt is shown
 * @param first what the prompt says until then
 */
export async function prompt(load: () => Promise<Backend>, first = 'zverse'): Promise<Backend> {
  const path = historyPath(process.env)
  let loaded: Backend | undefined
  const input = createInterface({
    ...{ input: process.stdin, output: process.stdout, terminal: true },
    ...{ history: readHistory(path), historySize: HISTORY_LINES, removeHistoryDuplicates: true },
    ...{ completer: (line: string) => loaded?.complete(line) ?? [[], line], escapeCodeTimeout: 50 },
  }) as WithHistory
  const reader = new Reader(input, path, first)
  // Closing the terminal ends the session, as Ctrl-D does: there may be a file to write.
  let isEnding = false
  const end = (signal: NodeJS.Signals) => {
    if (!isEnding) process.once('exit', () => die(signal))
    isEnding = true
    input.close()
  }
  const die = (signal: NodeJS.Signals) => {
    process.off('SIGHUP', end).off('SIGTERM', end)
    process.kill(process.pid, signal)
  }
  process.on('SIGHUP', end).on('SIGTERM', end)
  // A terminal that is gone cannot be restored.
  input.on('error', () => {})
  try {
    loaded = await load()
    reader.begin(loaded)
    await reader.done
    if (loaded.shell.session.tx !== null) process.stdout.write('the open transaction is aborted\n')
    return loaded
  } finally {
    input.close()
  }
}

class Reader {
  readonly done: Promise<void>
  readonly #input: WithHistory
  readonly #path: string | undefined
  readonly #first: string
  readonly #paint: Paint = hasColours(process.stdout, process.env) ? coloured : plain
  readonly #lexer = new Lexer()
  /** Lines that wait while another runs. */
  readonly #waiting: string[] = []
  /** Whole commands, the newest first. */
  #past: string[]
  #backend: Backend | null = null
  #running = false
  #closed = false

  constructor(input: WithHistory, path: string | undefined, first: string) {
    this.#input = input
    this.#path = path
    this.#first = first
    this.#past = [...input.history]
    this.done = new Promise(resolve => {
      input.on('close', () => {
        // Ctrl-D leaves the cursor behind the prompt.
        if (this.#session?.ended !== true) process.stdout.write('\n')
        this.#closed = true
        if (this.#session !== undefined) this.#session.interrupted = true
        if (this.#running) this.#idle = resolve
        else resolve()
      })
    })
    input.on('line', line => {
      this.#waiting.push(line)
      if (!this.#running) this.#run()
    })
    input.on('SIGINT', () => this.#interrupt())
    // readline pauses the keyboard when it comes back from Ctrl-Z: nothing would keep the process.
    input.on('SIGCONT', () => input.resume())
    this.#ask()
  }

  /** Called when a command ends after the terminal is gone. */
  #idle: (() => void) | null = null

  get #session() {
    return this.#backend?.shell.session
  }

  /** Runs lines from now on, the waiting ones first. */
  begin(backend: Backend): void {
    this.#backend = backend
    if (this.#waiting.length > 0) this.#run()
  }

  #ask(): void {
    const { prompt = this.#first } = this.#session ?? {}
    const text = this.#lexer.isOpen ? '...> '.padStart(prompt.length + 2) : `${prompt}> `
    this.#input.setPrompt(this.#paint('prompt', text))
    this.#input.prompt()
  }

  #interrupt(): void {
    this.#waiting.length = 0
    if (this.#running) {
      if (this.#session !== undefined) this.#session.interrupted = true
      return
    }
    // The typed text stays on the screen, as in other shells; the next prompt is empty.
    process.stdout.write('^C\n')
    this.#lexer.reset()
    const input = this.#input as { line: string; cursor: number }
    input.line = ''
    input.cursor = 0
    this.#ask()
  }

  async #run(): Promise<void> {
    const backend = this.#backend
    if (backend === null) return
    const { session } = backend.shell
    this.#running = true
    while (this.#waiting.length > 0 && !session.ended) {
      session.interrupted = false
      try {
        await this.#take(backend, this.#waiting.shift() as string)
      } catch (error) {
        this.#lexer.reset()
        process.stdout.write(`${await backend.explain(error)}\n`)
      }
    }
    this.#running = false
    if (session.ended) this.#input.close()
    else if (!this.#closed) this.#ask()
    this.#idle?.()
  }

  /** Takes a line, and runs the commands that are complete. */
  async #take({ shell, run }: Backend, line: string): Promise<void> {
    const { screen, session } = shell
    if (line.trim() === '' && this.#lexer.isEmpty) {
      if (screen.hasMore) await screen.print({ is: 'more' }, session)
      return
    }
    try {
      this.#lexer.feed(line)
    } catch (error) {
      this.#remember(line)
      throw error
    }
    if (this.#lexer.isOpen) return
    const { lines } = this.#lexer
    const tokens = this.#lexer.take()
    this.#remember(lines === 1 ? line : oneLine(tokens))
    await run(tokens)
  }

  /** Adds a command to the history; one of several lines replaces them as one. */
  #remember(command: string): void {
    if (command.includes('\n')) return
    const { history } = this.#input
    this.#past = [command, ...this.#past.filter(line => line !== command)].slice(0, HISTORY_LINES)
    history.splice(0, history.length, ...this.#past)
    appendHistory(this.#path, command)
  }
}
