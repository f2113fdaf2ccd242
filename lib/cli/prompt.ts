/**
 * The prompt on a terminal: lines are read, edited and completed by Node's readline.
 *
 * One line runs at a time; what is typed meanwhile waits its turn. readline stays in charge of the
 * keyboard while a command runs, so that Ctrl-C arrives.
 */
import { createInterface, type Interface } from 'node:readline'
import { complete } from './complete.js'
import { errorText, explain } from './explain.js'
import { appendHistory, HISTORY_LINES, historyPath, readHistory } from './history-file.js'
import { type Paint, plain } from './paint.js'
import { runLine, type Shell } from './shell.js'
import { Lexer, oneLine, type Token } from './words.js'

/** What readline lets us see of its own history, the newest first. */
type WithHistory = Interface & { history: string[]; line: string }

/** Reads and runs commands until `exit` or Ctrl-D. */
export async function prompt(shell: Shell): Promise<void> {
  const path = historyPath(process.env)
  const input = createInterface({
    ...{ input: process.stdin, output: process.stdout, terminal: true },
    ...{ history: readHistory(path), historySize: HISTORY_LINES, removeHistoryDuplicates: true },
    ...{ completer: (line: string) => complete(shell.session, line), escapeCodeTimeout: 50 },
  }) as WithHistory
  const reader = new Reader(shell, input, path)
  await reader.done
  const { session } = shell
  if (session.tx !== null) process.stdout.write('the open transaction is aborted\n')
}

class Reader {
  readonly done: Promise<void>
  readonly #shell: Shell
  readonly #input: WithHistory
  readonly #path: string | undefined
  readonly #paint: Paint
  readonly #lexer = new Lexer()
  /** Lines that wait while another runs. */
  readonly #waiting: string[] = []
  #running = false

  constructor(shell: Shell, input: WithHistory, path: string | undefined) {
    this.#shell = shell
    this.#input = input
    this.#path = path
    this.#paint = shell.paint ?? plain
    this.done = new Promise(resolve => {
      input.on('close', () => {
        // Ctrl-D leaves the cursor behind the prompt.
        if (!shell.session.ended) process.stdout.write('\n')
        shell.session.interrupted = true
        this.#whenIdle(resolve)
      })
    })
    input.on('line', line => {
      this.#waiting.push(line)
      if (!this.#running) this.#run()
    })
    input.on('SIGINT', () => this.#interrupt())
    this.#ask()
  }

  #idle: (() => void) | null = null
  #whenIdle(resolve: () => void): void {
    if (!this.#running) resolve()
    else this.#idle = resolve
  }

  #ask(): void {
    const { session } = this.#shell
    const text = this.#lexer.isOpen
      ? '...> '.padStart(session.prompt.length + 2)
      : `${session.prompt}> `
    this.#input.setPrompt(this.#paint('prompt', text))
    this.#input.prompt()
  }

  #interrupt(): void {
    this.#waiting.length = 0
    if (this.#running) {
      this.#shell.session.interrupted = true
      return
    }
    // What was typed stays on the screen, as in other shells; the next prompt is empty.
    process.stdout.write('^C\n')
    this.#lexer.reset()
    const input = this.#input as { line: string; cursor: number }
    input.line = ''
    input.cursor = 0
    this.#ask()
  }

  async #run(): Promise<void> {
    const { session } = this.#shell
    this.#running = true
    while (this.#waiting.length > 0 && !session.ended) {
      session.interrupted = false
      try {
        await this.#take(this.#waiting.shift() as string)
      } catch (error) {
        this.#lexer.reset()
        await this.#complain(error)
      }
    }
    this.#running = false
    if (session.ended) this.#input.close()
    else if (this.#idle === null) this.#ask()
    this.#idle?.()
  }

  /** Takes a line: runs what is whole by now. */
  async #take(line: string): Promise<void> {
    const { screen, session } = this.#shell
    if (line.trim() === '' && this.#lexer.isEmpty) {
      if (screen.hasMore) await screen.print({ is: 'more' }, session)
      return
    }
    this.#lexer.feed(line)
    if (this.#lexer.isOpen) return
    const { lines } = this.#lexer
    const tokens = this.#lexer.take()
    this.#remember(line, lines, tokens)
    await runLine(this.#shell, tokens)
  }

  /** A command of several lines is remembered as one. */
  #remember(line: string, lines: number, tokens: readonly Token[]): void {
    const { history } = this.#input
    const whole = lines === 1 ? line : oneLine(tokens)
    if (whole.includes('\n')) return
    if (lines > 1) history.splice(0, lines, whole)
    appendHistory(this.#path, whole)
  }

  async #complain(error: unknown): Promise<void> {
    const { session } = this.#shell
    if (process.env.ZVERSE_DEBUG) console.error(error)
    process.stdout.write(`${errorText(await explain(error, session), this.#paint)}\n`)
  }
}
