/** Writes dumps to files: whole, or not at all. */
import { randomBytes } from 'node:crypto'
import { createWriteStream, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type DumpOptions, toJson } from '../../index.js'
import { breathe } from '../output.js'
import type { Session } from '../session.js'

/** Lines written at once. */
const CHUNK = 500

/** The lines of a dump. */
export function* dumpLines(session: Session, options: DumpOptions): Generator<string> {
  for (const record of session.db.dump(options)) yield toJson(record)
}

/** Writes the whole database with its history: what `--to` does. */
export function saveDump(session: Session, path: string): Promise<number> {
  session.interrupted = false
  return saveLines(session, path, dumpLines(session, { history: true }))
}

/**
 * Writes lines into a file: a temporary one beside it first, which takes its place once it is whole.
 * @returns how many lines
 */
export async function saveLines(
  session: Session,
  path: string,
  lines: Generator<string>,
): Promise<number> {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`)
  let count = 0
  async function* chunks(): AsyncGenerator<string> {
    let chunk: string[] = []
    for (const line of lines) {
      chunk.push(`${line}\n`)
      if (chunk.length < CHUNK) continue
      count += chunk.length
      yield chunk.join('')
      chunk = []
      await breathe()
      session.goesOn()
    }
    count += chunk.length
    yield chunk.join('')
  }
  // Not at the prompt, where Ctrl-C is a key: what is half written must not stay behind.
  const stop = () => {
    session.interrupted = true
  }
  process.once('SIGINT', stop)
  try {
    const file = createWriteStream(beside, { flags: 'wx', flush: true })
    const from = Readable.from(chunks())
    if (path.endsWith('.gz')) await pipeline(from, createGzip(), file)
    else await pipeline(from, file)
    renameSync(beside, path)
    return count
  } catch (error) {
    rmSync(beside, { force: true })
    // The file beside it is ours: what cannot be written is the file that was asked for.
    if ((error as NodeJS.ErrnoException).path === beside) Object.assign(error as object, { path })
    throw error
  } finally {
    process.off('SIGINT', stop)
  }
}
