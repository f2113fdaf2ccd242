/** Errors for people: what is wrong, and what to do next. */
import { toJson, ZVerseError } from '../index.js'
import { type Paint, plain } from './paint.js'
import { failureHint } from './place.js'
import { Interrupted, type Session } from './session.js'
import { asWord, Mistake, printable, shorten } from './words.js'

export interface Explained {
  readonly message: string
  readonly hint: string | undefined
}

/** The message of an error and its hint. `session` knows the tags, stores and versions to suggest. */
export async function explain(error: unknown, session?: Session): Promise<Explained> {
  if (process.env.ZVERSE_DEBUG) console.error(error)
  const { message, hint } = await explained(error, session)
  return { message: safe(message), hint: hint === undefined ? undefined : safe(hint) }
}

/** Messages quote words and names of files: these must not reach the terminal unescaped. */
function safe(text: string): string {
  return text.split('\n').map(printable).join('\n')
}

async function explained(error: unknown, session: Session | undefined): Promise<Explained> {
  if (error instanceof Mistake) return { message: error.message, hint: error.hint }
  if (error instanceof Interrupted) return { message: error.message, hint: undefined }
  if (error instanceof ZVerseError) {
    const message = `${error.message} (${error.code})`
    const { code } = (error.cause ?? {}) as { code?: string }
    const failure = error.code === 'ZVERSE_IO' ? failureHint(code) : undefined
    if (session === undefined || failure !== undefined) return { message, hint: failure }
    return { message, hint: await hintFor(error, session) }
  }
  const { code, syscall, path } = (error ?? {}) as NodeJS.ErrnoException
  if (syscall !== undefined && path !== undefined) {
    const said = SYSTEM[code as string] ?? `${syscall}: ${code}`
    return { message: `${path}: ${said}`, hint: undefined }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { message, hint: undefined }
}

/** The message, and below it the hint. */
export function withHint({ message, hint }: Explained, paint: Paint = plain): string {
  return hint === undefined ? message : `${message}\n${paint('dim', hint.replace(/^/gm, '  '))}`
}

/** An error as a terminal shows it. */
export function errorText(explained: Explained, paint: Paint = plain): string {
  return `${paint('error', 'error:')} ${withHint(explained, paint)}`
}

/** The system's error codes in words. */
const SYSTEM: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'this is a directory',
  ENOTDIR: 'a part of the path is no directory',
  ENOSPC: 'the disk is full',
}

async function hintFor(error: ZVerseError, session: Session): Promise<string | undefined> {
  const { db } = session
  switch (error.code) {
    case 'ZVERSE_UNKNOWN_TAG': {
      const tags = db.versions().flatMap(({ tags }) => tags)
      if (tags.length === 0) return 'there are no tags: `tag NAME` makes one'
      const { nearest } = await import('./command.js')
      const like = await nearest(error.tag ?? '', tags)
      const first = tags.slice(0, 10).map(asWord).join(', ')
      const list = `tags: ${first}${tags.length > 10 ? `, … (${tags.length})` : ''}`
      return like === undefined ? list : `did you mean ${asWord(like)}? ${list}`
    }
    case 'ZVERSE_UNKNOWN_STORE':
      return '`stores` lists the stores, `store NAME` makes one'
    case 'ZVERSE_VERSION_NOT_RETAINED':
      return `versions from ${error.oldest} on can be read, and those that are tagged or pinned`
    case 'ZVERSE_FUTURE_VERSION':
      return `versions ${error.oldest} to ${error.newest} can be read`
    case 'ZVERSE_CONFLICT': {
      const actual = error.actual === null ? 'absent' : error.actual
      return `read it again: --if-version ${actual} holds now`
    }
    case 'ZVERSE_NESTED_TRANSACTION':
      return '`commit` or `abort` the transaction first'
    case 'ZVERSE_TRANSACTION_CLOSED':
      return 'its transaction has ended: repeat the command'
    case 'ZVERSE_FULL':
      return 'start with --max-bytes for more room, or release versions: `prune`, `untag`, `unpin`'
    case 'ZVERSE_INVALID_KEY':
      if (session.entered?.graph) {
        return 'keys here are edges, ["a","type","b"]: nodes are words as of codec tuple, `help keys-as`'
      }
      return `keys here are of codec ${session.keys.name}: \`help keys-as\``
    case 'ZVERSE_UNKNOWN_INDEX':
      // That of a graph has no name.
      return error.index === '' ? GRAPH_LATER : indexHint(error, session)
    case 'ZVERSE_NOT_UNIQUE':
      return holderHint(error, session)
    case 'ZVERSE_NO_INDEX':
      return '`index NAME PATH` makes one; without --no-scan and --index all entries are tested'
    case 'ZVERSE_INVALID_VALUE':
      if (error.index !== undefined) {
        return 'an index made with --missing skip and --invalid skip leaves such entries out'
      }
      return `values here are of codec ${session.values.name}: \`help values-as\``
    case 'ZVERSE_UNAVAILABLE':
      return error.outcome === 'unknown'
        ? 'look whether it is there before you repeat it: `stats replica` shows whether the log is reached'
        : 'nothing has changed: `stats replica` shows whether the log is reached'
    case 'ZVERSE_INVALID_OPTION':
      return optionHint(error, session)
    default:
      return undefined
  }
}

const GRAPH_LATER =
  'it became one later: there `neighbours` and `walk` find edges from nodes, with --direction out'

async function indexHint({ index = '' }: ZVerseError, session: Session) {
  const names = session.verbs.indexes().map(({ name }) => name)
  if (names.includes(index)) {
    return 'it is there now, but was not then, or was another: `indexes --at VIEW` lists those of a version'
  }
  const there = session.verbs.indexes(session.here).map(({ name }) => name)
  if (there.length === 0) return 'there are no indexes here: `index NAME PATH` makes one'
  const { nearest } = await import('./command.js')
  const like = await nearest(index, there)
  const list = `indexes: ${shorten(there.map(asWord).join(', '), 200)}`
  return like === undefined ? list : `did you mean ${asWord(like)}? ${list}`
}

/** The entry that has the index key already; of another store than the present one, its key as JSON. */
function holderHint({ key, holder }: ZVerseError, session: Session): string {
  let word: string
  try {
    word = session.keys.write(holder)
  } catch {
    word = toJson(holder)
  }
  return `${word} has ${shorten(toJson(key))} there: change or delete one of the two`
}

function optionHint({ option }: ZVerseError, session: Session): string | undefined {
  if (option === 'box' || option === 'nearest') {
    // A database or store that is not empty keeps its codec.
    const makes = session.isNew
      ? '`keys-as zorder(float64,float64)` makes them points'
      : '`store NAME --keys zorder(float64,float64)` makes a store of points'
    return `keys here are of codec ${session.keys.name}: ${makes}`
  }
  if (option === 'query') {
    return 'for example `where city = Bern age >= 30`, or `where {"city": "Bern", "age": {"gte": 30}}`'
  }
  if (option === 'definition')
    return '`drop-index NAME` drops it, `indexes` shows how each was made'
  if (option === 'on' && !['msgpack', 'json'].includes(session.values.name)) {
    return '`store NAME --values msgpack` makes a store whose values have paths'
  }
  if (option === 'dimensions') return 'for example --dimensions float64,float64'
  if (option === 'keys' || option === 'values') return '`stores` lists the codecs of all stores'
  return undefined
}
