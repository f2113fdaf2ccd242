/**
 * Databases of a replicated log: which one the options name, and how it is joined.
 *
 * The only file of the command that names an adapter (spec/tidy.spec.ts): it is loaded when a log is joined, for its
 * packages are optional.
 */
import type { ReplicatedLog } from '../index.js'
import { ZVerse, ZVerseError } from '../index.js'
import { keyForm, valueForm } from './literals.js'
import { type Database, type Opening, USUAL } from './session.js'
import { asWord, Mistake } from './words.js'

/** A log, and what it is called. */
export interface Joining {
  /** The stream. */
  readonly name: string
  /** The servers, without what opens them. */
  readonly servers: string
  /** Makes the log, or another node of it. */
  log(): Promise<ReplicatedLog>
}

/** The log that `--nats`, `--stream` and `--replicas` name; undefined without. @throws Mistake */
export function joiningIn(
  nats: string | undefined,
  stream: string | undefined,
  replicas: string | undefined,
): Joining | undefined {
  if (nats === undefined) {
    const extra = stream === undefined ? replicas && 'replicas' : 'stream'
    if (extra === undefined) return undefined
    throw new Mistake(`--${extra} is for a replicated log`, 'zverse --nats URL --stream NAME …')
  }
  if (stream === undefined) {
    throw new Mistake('--nats needs --stream', 'the name of the stream, one for each database')
  }
  if (replicas !== undefined && !/^\d+$/.test(replicas)) {
    throw new Mistake(`--replicas must be 1, 3 or 5, not ${asWord(replicas)}`)
  }
  const { servers, connection } = serversIn(nats)
  return {
    name: stream,
    servers: servers.join(','),
    async log() {
      const { jetstream } = await import('../nats/index.js')
      const keepers = replicas === undefined ? undefined : Number(replicas)
      return jetstream({ servers, stream, connection, replicas: keepers })
    },
  }
}

/** Servers, and who connects to them: `nats://USER:PASSWORD@HOST:PORT`, or `nats://TOKEN@HOST`. */
function serversIn(text: string): { servers: string[]; connection: object } {
  let connection = {}
  const servers = text.split(',').map(server => {
    const [, scheme = '', user, pass, place = ''] =
      /^(\w+:\/\/)?(?:([^@:/]*)(?::([^@]*))?@)?(.*)$/s.exec(server.trim()) ?? []
    if (user !== undefined) {
      const name = decodeURIComponent(user)
      connection = pass === undefined ? { token: name } : { user: name, pass: decoded(pass) }
    }
    return scheme + place
  })
  return { servers, connection }
}

/** A password may have a `%` that means itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

// ── Joining ───────────────────────────────────────────────────────────────────────────────────────

/** A replica, and the options that it was opened with: the codecs are those of the log. */
export interface Joined {
  readonly db: Database
  readonly opening: Opening
}

/**
 * Joins a log, and has all that it has.
 * @param opening its codecs are those of a log that is begun; where they were not asked for, they give way to the log's
 * @param asked the codecs that were
 */
export async function joined(
  joining: Joining,
  opening: Opening,
  asked: { keys?: string | undefined; values?: string | undefined },
): Promise<Joined> {
  const { history, past, keys, values, replica: _, ...others } = opening
  const disk = past === undefined ? undefined : { versions: past }
  try {
    const db = (await ZVerse.replicate({
      ...others,
      log: await joining.log(),
      ...{ keys: keyForm(keys).option, values: valueForm(values).option },
      history: { versions: history ?? USUAL, disk },
    } as Parameters<typeof ZVerse.replicate>[0])) as unknown as Database
    return { db, opening }
  } catch (error) {
    const [kind, codec] = begunWith(error)
    if (kind === undefined) throw error
    if (asked[kind] === undefined) {
      const again = { ...opening, [kind]: codec }
      return joined(joining, again, { ...asked, [kind]: codec })
    }
    throw new Mistake(`--${kind} ${asked[kind]}: ${joining.name} has ${kind} of codec ${codec}`)
  }
}

/** The codec that a log was begun with, where that was the error. */
function begunWith(error: unknown): [kind: 'keys' | 'values' | undefined, codec: string] {
  const { option, message } = error instanceof ZVerseError ? error : ({} as Partial<ZVerseError>)
  const [, codec = ''] = /^\w+ must be (.+): the log was begun with it$/s.exec(message ?? '') ?? []
  return [codec !== '' && (option === 'keys' || option === 'values') ? option : undefined, codec]
}
