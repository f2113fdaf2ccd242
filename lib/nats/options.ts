/** The options of a log in JetStream: defaults and checks. Any thread; no state. */
import { ZVerseError } from '../index.js'

/** What {@link jetstream} takes. */
export interface JetStreamOptions {
  /** One server or several, as `host:port` or `nats://host:port`; those of a cluster tell of each other. */
  servers: string | readonly string[]
  /** The name of the stream, one for each database: letters, digits, `-` and `_`, up to 128. */
  stream: string
  /** How many servers keep the log: 1, 3 or 5. A majority of them must be up. Default 1. */
  replicas?: number | undefined
  /** What `connect` of `@nats-io/transport-node` takes besides: for accounts and encryption, say. */
  connection?: object | undefined
}

/** Checked options. */
export interface Settings {
  readonly servers: string[]
  readonly stream: string
  readonly replicas: number
  readonly connection: object
}

const NAMES = ['servers', 'stream', 'replicas', 'connection']
const STREAM = /^[A-Za-z0-9_-]{1,128}$/
/** What the log decides itself: it waits for lost servers for ever. */
const OWN = ['servers', 'port', 'reconnect', 'maxReconnectAttempts', 'waitOnFirstConnect']

function invalidOption(option: string, what: string): ZVerseError {
  return new ZVerseError('ZVERSE_INVALID_OPTION', `${option} ${what}`, { option })
}

/** @throws ZVerseError `ZVERSE_INVALID_OPTION` */
export function settings(options: unknown): Settings {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw invalidOption('options', 'of jetstream must be an object')
  }
  const given = options as Record<string, unknown>
  for (const name of Object.keys(given)) {
    if (given[name] !== undefined && !NAMES.includes(name)) {
      throw invalidOption(name, 'is not an option of jetstream')
    }
  }
  const { stream, replicas = 1, connection = {} } = given
  if (typeof stream !== 'string' || !STREAM.test(stream)) {
    throw invalidOption('stream', 'must be a name of letters, digits, - and _, up to 128')
  }
  if (replicas !== 1 && replicas !== 3 && replicas !== 5) {
    throw invalidOption('replicas', 'must be 1, 3 or 5')
  }
  if (typeof connection !== 'object' || connection === null || Array.isArray(connection)) {
    throw invalidOption('connection', 'must be an object')
  }
  const own = OWN.find(name => name in connection)
  if (own !== undefined) throw invalidOption('connection', `cannot have ${own}`)
  return { servers: serversIn(given.servers), stream, replicas, connection }
}

function serversIn(servers: unknown): string[] {
  const list = typeof servers === 'string' ? [servers] : servers
  const isServer = (server: unknown) => typeof server === 'string' && server.trim() !== ''
  if (Array.isArray(list) && list.length > 0 && list.every(isServer)) return [...list]
  throw invalidOption('servers', 'must be the address of a server, or an array of them')
}
