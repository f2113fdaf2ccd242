/** Runs the built command as users do: on a pipe, or on a pseudo-terminal with keys typed. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { type Outcome, runMain } from '../support/mains.js'

const MAIN = resolve('dist/cli/main.js')
/** Without the settings of the user who runs the tests: no history, no colours asked for or refused. */
export const ENV: NodeJS.ProcessEnv = {
  ...{ PATH: process.env.PATH, HOME: tmpdir(), TERM: 'xterm-256color', TZ: 'UTC' },
  ...{ LANG: 'C.UTF-8', ZVERSE_HISTORY: '' },
}

/** Runs `zverse` with arguments, and an input on a pipe: not in a process of its own. */
export function zverse(
  args: readonly string[],
  input: string | Uint8Array = '',
  // Another folder: a word taken for a file's name by mistake would be written among our files.
  cwd = tmpdir(),
): Outcome {
  return runMain(MAIN, args, { input, cwd, env: ENV })
}

/** The words of a command as a shell takes them: quotes keep one together, and are not part of it. */
export function shellWords(command: string): string[] {
  const words = command.match(/(?:'[^']*'|[^\s'])+/g) ?? []
  return words.map(word => word.replaceAll("'", ''))
}

/** Runs a line of shell in which `zverse` is the command. */
export function shell(line: string, cwd: string): Outcome {
  const script = `zverse() { "${process.execPath}" "${MAIN}" "$@"; }\n${line}`
  const { stdout, stderr, status } = spawnSync('bash', ['-c', script], {
    cwd,
    env: ENV,
    encoding: 'utf8',
  })
  return { out: stdout, err: stderr, code: status }
}

export const hasTerminal = spawnSync('script', ['--version']).status === 0

/** The last thing shown, escapes apart, where a prompt waits for keys. */
const PROMPT = /(?:^|[\r\n] *)(?:zverse(?: [^\s>]+)?[^\s>]*|\.\.\.)> $/
/** ms; only output that never comes takes as long. */
const PATIENCE = 120_000

/** `zverse` on a pseudo-terminal. */
export class Terminal implements AsyncDisposable {
  /** All that it has written. */
  text = ''
  readonly ended: Promise<number | null>
  readonly #process: ChildProcess
  #changed = () => {}

  constructor(columns: number, env: NodeJS.ProcessEnv = {}, args = '') {
    const command = `stty cols ${columns} rows 20; exec "${process.execPath}" "${MAIN}" ${args}`
    this.#process = spawn('script', ['-qec', command, '/dev/null'], { env: { ...ENV, ...env } })
    this.#process.stdout?.setEncoding('utf8').on('data', data => {
      this.text += data
      this.#changed()
    })
    this.ended = new Promise(resolve => this.#process.on('close', resolve))
  }

  /** Waits until the output since `from`, without escapes, fits. @returns that output */
  async until(fits: RegExp, from = 0): Promise<string> {
    const end = Date.now() + PATIENCE
    while (!fits.test(bare(this.text.slice(from)))) {
      if (Date.now() > end)
        throw new Error(`not ${fits} in:\n${JSON.stringify(this.text.slice(from))}`)
      await new Promise<void>(resolve => {
        this.#changed = resolve
        setTimeout(resolve, 200)
      })
    }
    return bare(this.text.slice(from))
  }

  /** The first prompt. */
  ready(): Promise<string> {
    return this.until(PROMPT)
  }

  /** Types keys as they are, without waiting. */
  keys(text: string): void {
    this.#process.stdin?.write(text)
  }

  /** Types a line. @returns the output up to the next prompt */
  async line(text: string): Promise<string> {
    const from = this.text.length
    this.keys(`${text}\r`)
    const shown = await this.until(PROMPT, from)
    const lines = shown.replaceAll('\r', '').split('\n')
    // The first line is the typed one, the last the next prompt.
    return lines.slice(1, -1).join('\n')
  }

  /** Ctrl-C, at the prompt. */
  async interrupt(): Promise<void> {
    const from = this.text.length
    this.keys('\x03')
    await this.until(new RegExp(`\\^C[^]*${PROMPT.source}`), from)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.ended
  }
}

/** Without escape sequences. */
export function bare(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these begin escape sequences
  return text.replace(/\x1b\[[\d;?]*[A-Za-z]/g, '')
}
