/** A process that opens a database when it is told to (lock-child.js). */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const CHILD = fileURLToPath(new URL('./lock-child.js', import.meta.url))

export interface Said {
  readonly ready?: number
  readonly open?: number
  readonly closed?: number
  readonly code?: string
  readonly pid?: number
  readonly message?: string
}

export class LockProcess {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  private constructor(path: string) {
    this.#child = spawn(process.execPath, [CHILD, path], { stdio: ['pipe', 'pipe', 'inherit'] })
    const input = this.#child.stdout as NonNullable<ChildProcess['stdout']>
    this.#lines = createInterface({ input })[Symbol.asyncIterator]()
  }

  /** Starts one that waits to be told. */
  static async start(path: string): Promise<LockProcess> {
    const one = new LockProcess(path)
    await one.next()
    return one
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** What it says next. */
  async next(): Promise<Said> {
    const { value } = await this.#lines.next()
    return JSON.parse(value)
  }

  async tell(line: string): Promise<Said> {
    this.#child.stdin?.write(`${line}\n`)
    return this.next()
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name)
  }

  /** Kills it, and waits until it is gone. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}
