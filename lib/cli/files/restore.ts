/** Loads what `dump` has written. */
import { fromJson, ZVerseError } from '../../index.js'
import { parseJson } from '../literals.js'
import type { Session } from '../session.js'
import { Mistake } from '../words.js'
import { Progress } from './progress.js'
import { openSource, type Peeked, peek, type Source, textOf } from './source.js'

/** The first record of a dump, as far as it concerns us. */
export interface Header {
  readonly keys: string
  readonly values: string
}

/** The header that a line is; undefined if it is none. */
export function headerIn(text: string | null | undefined): Header | undefined {
  if (text?.includes('"zverse"') !== true) return undefined
  try {
    const record = fromJson(text) as { type?: unknown } & Header
    return record.type === 'zverse' ? record : undefined
  } catch {
    return undefined
  }
}

/** The header of a dump. @throws Mistake if the file is none */
export async function headerOf(path: string): Promise<Header> {
  const source = openSource(path)
  const { first, all } = await peek(source)
  await all.return(undefined)
  const header = headerIn(first?.text)
  if (header !== undefined) return header
  throw new Mistake(
    `${path} is no dump of zverse`,
    `rows are loaded with: zverse load ${path} --key FIELD --to FILE`,
  )
}

/** Loads a dump into the session's database. @returns the version */
export async function loadDump(session: Session, path: string): Promise<number> {
  const source = openSource(path)
  return (await restore(session, source, await peek(source))).version
}

/** Loads the records of a dump that has been looked at. */
export async function restore(
  session: Session,
  source: Source,
  { all }: Peeked,
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
    await all.return(undefined)
  }
}
