/** Loads dumps. */
import { type DumpHeader, fromJson, ZVerse, ZVerseError } from '../../index.js'
import type { Line } from '../lines.js'
import { parseJson } from '../literals.js'
import { refuseInexact } from '../numbers.js'
import type { Session } from '../session.js'
import { Mistake } from '../words.js'
import { Progress } from './progress.js'
import { openSource, type Peeked, peek, type Source, textOf } from './source.js'

/**
 * The header in the first line of a file; undefined if it is none.
 * @throws Mistake for a header that this version cannot read
 */
function headerIn(line: Line | undefined, name: string): DumpHeader | undefined {
  const { text, number } = line ?? {}
  if (text?.includes('"zverse"') !== true) return undefined
  let record: Partial<DumpHeader> | null
  try {
    record = fromJson(text) as Partial<DumpHeader> | null
  } catch {
    return undefined
  }
  if (record?.type !== 'zverse') return undefined
  mustBeReadable(record, `${name}, line ${number}`)
  return record as DumpHeader
}

/** Tries a header on an empty database, before one is opened with the header's codecs. */
function mustBeReadable(header: object, place: string): void {
  const scratch = ZVerse.open({ maxBytes: 2 ** 20 })
  try {
    scratch.load([header, { type: 'end' }])
  } catch (error) {
    const { code, message } = error as ZVerseError
    // Other errors are about codecs or a history: this header can be read.
    if (code === 'ZVERSE_FORMAT') throw new Mistake(`${place}: ${message} (${code})`)
  } finally {
    scratch.close()
  }
}

/** The header of a source; undefined, or an error, if it cannot be loaded. */
export async function headerOf({ name, first, close }: Peeked): Promise<DumpHeader | undefined> {
  try {
    return headerIn(first, name)
  } catch (error) {
    await close()
    throw error
  }
}

/** A dump whose header has been read. */
export interface OpenDump {
  readonly header: DumpHeader
  readonly source: Source
  readonly peeked: Peeked
}

/** Opens a dump: once, since a pipe cannot be read twice. @throws Mistake if it is no dump */
export async function openDump(path: string): Promise<OpenDump> {
  const source = openSource(path)
  const peeked = await peek(source)
  const header = await headerOf(peeked)
  if (header !== undefined) return { header, source, peeked }
  await peeked.close()
  throw new Mistake(
    `${source.name} is no dump of zverse`,
    `load rows with: zverse load ${path} --key FIELD --to FILE`,
  )
}

/** @throws Mistake for the header of a dump with history, whose versions are not those of a replicated log */
function mustHaveNoHistory(header: unknown, name: string): void {
  if ((header as Partial<DumpHeader> | null)?.history !== true) return
  throw new Mistake(
    `${name}: a dump with history is loaded into no replica, whose versions are those of its log`,
    `\`zverse dump FILE --from ${name}\` writes its newest version alone, which can be loaded`,
  )
}

/** Loads the records of an opened dump. */
export async function restore(
  session: Session,
  source: Source,
  { all, close }: Peeked,
): Promise<{ version: number; records: number }> {
  const progress = new Progress(process.stderr, source.total)
  let line = 0
  let records = 0
  const load = async () => {
    if (session.replica === undefined) return session.db.load(parsed())
    const all: { line: number; record: unknown }[] = []
    for await (const record of parsed()) {
      if (all.length === 0) mustHaveNoHistory(record, source.name)
      all.push({ line, record })
    }
    await session.change(() => session.db.load(again(all)))
    return session.db.version
  }
  /** What was read, for the log: the verb that loads it may run again. */
  function* again(all: readonly { line: number; record: unknown }[]): Generator<unknown> {
    for (const one of all) {
      line = one.line
      yield one.record
    }
  }
  async function* parsed(): AsyncGenerator<unknown> {
    for await (const next of all) {
      line = next.number
      const text = textOf(next, source.name)
      if (text.trim() === '') continue
      const record = parseJson(text)
      if (typeof (record as { key?: unknown } | null)?.key !== 'string') {
        refuseInexact(text, session.keys.instead, ([name]) => name === 'key')
      }
      yield record
      progress.tick(source.read(), ++records)
      session.goesOn()
    }
  }
  try {
    return { version: await load(), records }
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
