/** Where output goes: a stream that may be slower than we are, and may close before we are done. */

/** What is written to; `process.stdout` and `process.stderr` are such, tests have their own. */
export interface Sink {
  write(text: string): boolean
  once(event: 'drain', then: () => void): unknown
  readonly columns?: number | undefined
  readonly rows?: number | undefined
  readonly isTTY?: boolean | undefined
}

/** Writes, and waits where the reader is behind. */
export async function write(sink: Sink, text: string): Promise<void> {
  if (text === '' || sink.write(text)) return
  await new Promise<void>(resolve => sink.once('drain', resolve))
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

/** Ends the process quietly once nobody reads what it prints. */
export function endWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}
