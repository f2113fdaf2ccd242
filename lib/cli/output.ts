/** Where output goes: a stream that may be slower than we are, and may close before we are done. */

/** What is written to; `process.stdout` and `process.stderr` are such, tests have their own. */
export interface Sink {
  write(text: string): boolean
  once(event: 'drain' | 'error', then: () => void): unknown
  off(event: 'drain' | 'error', then: () => void): unknown
  readonly columns?: number | undefined
  readonly rows?: number | undefined
  readonly isTTY?: boolean | undefined
  readonly errored?: Error | null | undefined
}

/** Writes, and waits where the reader is behind. What nobody reads any more is dropped. */
export async function write(sink: Sink, text: string): Promise<void> {
  if (text === '' || sink.errored || sink.write(text)) return
  await new Promise<void>(resolve => {
    const goOn = () => {
      sink.off('drain', goOn)
      sink.off('error', goOn)
      resolve()
    }
    sink.once('drain', goOn)
    sink.once('error', goOn)
  })
}

/** Lets events in: keys typed, above all Ctrl-C. */
export function breathe(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** True where escape sequences may be written. */
export function hasColours(sink: Sink, env: NodeJS.ProcessEnv): boolean {
  // https://no-color.org: any value but the empty one
  return sink.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}

/**
 * Says what happens once output cannot be written: the process ends quietly where nobody reads it any
 * more, else with a message. `outliveReader` changes that.
 */
export function endWithReader(): void {
  process.stdout.on('error', readerIsGone)
  // Who does not read what is wrong still learns it from the exit code.
  process.stderr.on('error', () => {})
}

/** Goes on where nobody reads the output any more: there is a file to be written in the end. */
export function outliveReader(): void {
  process.stdout.off('error', readerIsGone)
  process.stdout.on('error', error => {
    const { code } = error as NodeJS.ErrnoException
    // EIO: the terminal has been closed.
    if (code !== 'EPIPE' && code !== 'EIO') readerIsGone(error)
  })
}

function readerIsGone({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') process.exit(0)
  const why = code === 'ENOSPC' ? 'the disk is full' : message
  process.stderr.write(`zverse: the output cannot be written: ${why}\n`)
  process.exit(1)
}
