/** Loads what `dump` has written. */
import { type DumpHeader, fromJson, ZVerseError } from '../../index.js'
import { parseJson } from '../literals.js'
import type { Session } from '../session.js'
import { Mistake } from '../words.js'
import { Progress } from './progress.js'
import { openSource, type Peeked, peek, type Source, textOf } from './source.js'

/** The header that a line is; undefined if it is none. */
export function headerIn(text: string | null | undefined): DumpHeader | undefined {
  if (text?.includes('"zverse"') !== true) return undefined
  try {
    const record = fromJson(text) as DumpHeader
    return record.type === 'zverse' ? record : undefined
  } catch {
    return undefined
  }
}

/** A file that is a dump, looked at but not loaded. */
export interface OpenDump {
  readonly header: DumpHeader
  readonly source: Source
  readonly peeked: Peeked
}

/** Opens a dump: once, since what comes from a pipe cannot be read twice. @throws Mistake if it is none */
export async function openDump(path: string): Promise<OpenDump> {
  const source = openSource(path)
  const peeked = await peek(source)
  const header = headerIn(peeked.first?.text)
  if (header !== undefined) return { header, source, peeked }
  await peeked.close()
  throw new Mistake(
    `${source.name} is no dump of zverse`,
    `rows are loaded with: zverse load ${path} --key FIELD --to FILE`,
  )
}

/** Loads the records of a dump that has been looked at. */
export async function restore(
  session: Session,
  source: Source,
  { all, close }: Peeked,
): Promise<{ version: number; records: number }> {
  const progress = new Progress(process.stderr, source.total)
  let line = 0
  let records = 0
  async function* parsed(): AsyncGenerator<unknown> {
    for await (const next of all) {
      line = next.number
      const text = textOf(next, source.name)
      if (text.trim() === '') continue
      yield parseJson(text)
      progress.tick(source.read(), ++records)
      session.goesOn()
    }
  }
  try {
    return { version: await session.db.load(parsed()), records }
  } catch (error) {
    if (error instanceof Mistake && !error.message.startsWith(source.name)) {
      throw new Mistake(`${source.name}, line ${line}: ${error.message}`, error.hint)
    }
    if (error instanceof ZVerseError) {
      throw new Mistake(`${source.name}, line ${line}: ${error.message} (${error.code})`)
    }
    throw error
  } finally {
    progress.end()
    await close()
  }
}
