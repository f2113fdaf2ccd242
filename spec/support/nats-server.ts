/**
 * NATS servers for specs, on the loopback interface, each with a directory of its own. They are killed and their directories
 * deleted when the process ends, however it does.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect as connectNats } from '@nats-io/transport-node'

/** The oldest that has `sync_interval: always` in clusters without faults that we know of. */
const OLDEST = [2, 10, 23] as const
const FILE = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server'

const HOW = 'sh spec/nats/get-server.sh gets one, or the package nats-server of Debian'

/**
 * The server's file; undefined where there is none that is new enough.
 * @throws Error that says how to get one, where `npm run test:nats` needs it
 */
export function findServer(): string | undefined {
  const { ZVERSE_NATS_SERVER: given, PATH = '', npm_lifecycle_event: script } = process.env
  const folders = [join('node_modules', '.cache', 'nats'), ...PATH.split(delimiter), '/usr/sbin']
  const files = given ? [given] : folders.map(folder => join(folder, FILE))
  const found = files.find(file => existsSync(file) && isNewEnough(file))
  const message = `there is no nats-server ${OLDEST.join('.')} or newer: ${HOW}`
  if (found === undefined && script === 'test:nats') throw new Error(message)
  return found
}

/** Says that specs are left out. */
export function sayLeftOut(): void {
  console.warn(`spec/nats is left out: there is no nats-server ${OLDEST.join('.')}: ${HOW}`)
}

function isNewEnough(file: string): boolean {
  try {
    const text = execFileSync(file, ['--version'], { encoding: 'utf8' })
    const version = /v(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number) ?? []
    const differs = OLDEST.findIndex((part, i) => part !== version[i])
    return differs < 0 || (version[differs] ?? 0) > (OLDEST[differs] as number)
  } catch {
    return false
  }
}

/**
 * As {@link findServer}, for specs that kill servers, freeze them and wait until they have met again: minutes, so
 * `npm run test:nats` plays them, and `npm test` does not.
 */
export function findServerToKill(): string | undefined {
  const { ZVERSE_NATS_FAULTS: plays } = process.env
  return plays === '1' ? findServer() : undefined
}

/** Ports that nobody has at the time. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(server => {
      return new Promise<number>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', () => {
          resolve((server.address() as { port: number }).port)
        })
      })
    }),
  )
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

export class NatsServer {
  readonly port: number
  readonly name: string
  readonly #folder: string
  readonly #file: string
  #child: ChildProcess | null = null

  constructor(file: string, folder: string, name: string, port: number, config: string) {
    this.#file = file
    this.#folder = folder
    this.name = name
    this.port = port
    writeFileSync(join(folder, `${name}.conf`), config)
  }

  get address(): string {
    return `127.0.0.1:${this.port}`
  }

  /** What it has written. */
  get output(): string {
    const file = join(this.#folder, `${this.name}.log`)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }

  /** Starts it, again too. Resolves when it takes connections. */
  async start(): Promise<void> {
    const output = openSync(join(this.#folder, `${this.name}.log`), 'a')
    const child = spawn(this.#file, ['-c', join(this.#folder, `${this.name}.conf`)], {
      stdio: ['ignore', output, output],
    })
    this.#child = child
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`${this.name} has ended:\n${this.output.slice(-4000)}`)
      }
      if (await answers(this.port)) return
      await setTimeout(20)
    }
  }

  /** kill -9. Resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  /** Stops it where it is, connections and all. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  killNow(): void {
    this.#child?.kill('SIGKILL')
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}

/** One server, or a cluster of them. */
export class NatsServers {
  readonly servers: readonly NatsServer[]
  readonly #folder: string
  readonly #onExit = () => this.#end()

  private constructor(servers: readonly NatsServer[], folder: string) {
    this.servers = servers
    this.#folder = folder
    process.on('exit', this.#onExit)
  }

  /**
   * Servers that take streams.
   * @param file what {@link findServer} has found
   */
  static async start(file: string, count = 1): Promise<NatsServers> {
    for (;;) {
      const started = await NatsServers.#start(file, count)
      if (count === 1 || (await started.#takesStreams())) return started
      // Of servers that begin at once one may not be known to the others as a place for streams, for good.
      await started.stop()
    }
  }

  static async #start(file: string, count: number): Promise<NatsServers> {
    const folder = mkdtempSync(join(tmpdir(), 'zverse-nats-'))
    const ports = await freePorts(2 * count)
    const [clients, routes] = [ports.slice(0, count), ports.slice(count)]
    // Others that try the same ports are of another cluster.
    const cluster = `c${randomBytes(6).toString('hex')}`
    const servers = clients.map((port, i) => {
      const name = `n${i + 1}`
      const others = routes.filter((_, k) => k !== i)
      const all = others.map(port => `nats-route://127.0.0.1:${port}`).join(', ')
      const route = `listen: "127.0.0.1:${routes[i]}", routes: [${all}]`
      const config = [
        `server_name: ${name}`,
        `listen: "127.0.0.1:${port}"`,
        `jetstream { store_dir: ${JSON.stringify(join(folder, name))}, sync_interval: always }`,
        ...(count > 1 ? [`cluster { name: ${cluster}, ${route} }`] : []),
      ]
      return new NatsServer(file, folder, name, port, config.join('\n'))
    })
    const started = new NatsServers(servers, folder)
    try {
      await started.startAll()
    } catch (error) {
      await started.stop()
      throw error
    }
    return started
  }

  /** Whether a stream finds room on all of them, before long. */
  async #takesStreams(): Promise<boolean> {
    const nc = await connectNats({ servers: this.addresses })
    try {
      const { streams } = await jetstreamManager(nc, { checkAPI: false, timeout: 2000 })
      const num_replicas = this.servers.length
      for (let tries = 0; tries < 40; tries++) {
        try {
          await streams.add({ name: 'probe', subjects: ['probe'], num_replicas, storage: 'memory' })
          return await streams.delete('probe')
        } catch {
          await setTimeout(250)
        }
      }
      return false
    } finally {
      await nc.close()
    }
  }

  get addresses(): string[] {
    return this.servers.map(({ address }) => address)
  }

  async startAll(): Promise<void> {
    await Promise.all(this.servers.map(server => server.start()))
  }

  async killAll(): Promise<void> {
    await Promise.all(this.servers.map(server => server.kill()))
  }

  /** Kills all of them, and deletes what they have. */
  async stop(): Promise<void> {
    await this.killAll()
    this.#end()
    process.off('exit', this.#onExit)
  }

  #end(): void {
    for (const server of this.servers) server.killNow()
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
