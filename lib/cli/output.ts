/** Writes output to a stream that may be slower than we are, and may close before we are done. */

/** A stream for output: `process.stdout`, `process.stderr`, or one of a test. */
export interface Sink {
  write(text: string): boolean
  once(event: 'drain' | 'error', then: () => void): unknown
  off(event: 'drain' | 'error', then: () => void): unknown
  readonly columns?: number | undefined
  readonly rows?: number | undefined
  readonly isTTY?: boolean | undefined
  readonly errored?: Error | null | undefined
}

/** Writes, and waits while the reader is behind. Output is dropped once the reader is gone. */
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

/** Gives events a turn: typed keys, above all Ctrl-C. */
export function breathe(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** True if escape sequences may be written. */
export function hasColours(sink: Sink, env: NodeJS.ProcessEnv): boolean {
  // https://no-color.org: any value but the empty one
  return sink.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}

/**
 * Ends the process once output cannot be written: quietly if the reader is gone, else with a message.
 * `outliveReader` changes that.
 */
export function endWithReader(): void {
  process.stdout.on('error', readerIsGone)
  // Without a reader of stderr, the exit code still shows the failure.
  process.stderr.on('error', () => {})
}

/** Goes on after the reader of the output is gone: a file is still to be written at the end. */
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
