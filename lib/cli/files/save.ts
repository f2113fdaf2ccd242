/** Writes dumps to files: whole, or not at all. */
import { type DumpOptions, toJson } from '../../index.js'
import { breathe } from '../output.js'
import type { Session } from '../session.js'
import { writeFile } from './target.js'

/** How many lines are written at once. */
const CHUNK = 500

/** The lines of a dump. */
export function* dumpLines(session: Session, options: DumpOptions): Generator<string> {
  for (const record of session.db.dump(options)) yield toJson(record)
}

/** Writes the whole database with its history, for `--to`. */
export function saveDump(session: Session, path: string): Promise<number> {
  session.interrupted = false
  return saveLines(session, path, dumpLines(session, { history: true }))
}

/**
 * Writes lines into a file.
 * @returns how many lines
 */
export async function saveLines(
  session: Session,
  path: string,
  lines: Generator<string>,
): Promise<number> {
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
  await writeFile(path, chunks())
  return count
}
