// @ts-check
/** The three servers of the log: found, started, killed and started again. */
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect as connectTo } from '@nats-io/transport-node'
import { kill } from './crew.js'

/** @typedef {import('./crew.js').Crew} Crew */
/** @typedef {import('./crew.js').Child} Child */

/** The oldest that has `sync_interval: always` in clusters without faults that are known. */
const OLDEST = [2, 10, 23]
const CONFIG = fileURLToPath(new URL('server.conf', import.meta.url))
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/nats', import.meta.url))
/** Looks at a server that has not met the others, before it is started again. */
const PATIENCE = 100
const LOOPBACK = '127.0.0.1'

export const HOW = `No nats-server 2.10.23 or later is here. To get one:

  sh spec/nats/get-server.sh         puts one into node_modules/.cache/nats
  ZVERSE_NATS_SERVER=FILE node …     names one
  or install one where PATH finds it; a distribution’s package may be too old
`

/** The server's file; undefined where there is none that is new enough. */
export function findServer() {
  const { ZVERSE_NATS_SERVER: given, PATH = '' } = process.env
  const folders = [CACHE, ...PATH.split(delimiter), '/usr/sbin']
  const files = given ? [given] : folders.map(folder => join(folder, 'nats-server'))
  return files.find(file => existsSync(file) && isNewEnough(file))
}

/** @param {string} file */
function isNewEnough(file) {
  try {
    const text = execFileSync(file, ['--version'], { encoding: 'utf8' })
    const version = /v(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number) ?? [0, 0, 0]
    const differs = OLDEST.findIndex((part, i) => part !== version[i])
    return differs < 0 || version[differs] > OLDEST[differs]
  } catch {
    return false
  }
}

/** Ports that nobody has at the time. @param {number} count */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer())
  /** @type {number[]} */
  const ports = []
  for (const server of servers) {
    await new Promise(resolve => server.listen(0, LOOPBACK, () => resolve(undefined)))
    ports.push(/** @type {import('node:net').AddressInfo} */ (server.address()).port)
  }
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

class Server {
  name
  address
  /** @type {Child | undefined} */
  #child
  #file
  #env
  #crew

  /**
   * @param {string} file @param {Crew} crew @param {string} name @param {string} address @param {object} env
   */
  constructor(file, crew, name, address, env) {
    this.#file = file
    this.#crew = crew
    this.name = name
    this.address = address
    this.#env = { ...process.env, ...env }
  }

  get #log() {
    return join(this.#crew.directory, `${this.name}.log`)
  }

  /** Starts it, again too. Resolves when it takes connections. */
  async start() {
    const output = openSync(this.#log, 'a')
    const child = spawn(this.#file, ['-c', CONFIG], {
      ...{ env: this.#env, stdio: ['ignore', output, output] },
    })
    closeSync(output)
    this.#child = child
    this.#crew.add(child)
    while ((await knownTo(this.address)) === 0) {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`server ${this.name} has ended:\n${readFileSync(this.#log, 'utf8')}`)
      }
      await delay(20)
    }
  }

  async kill() {
    if (this.#child !== undefined) await kill(this.#child)
  }
}

/**
 * How many servers of the cluster a server knows, itself among them; 0 while it takes no connections.
 * @param {string} address @returns {Promise<number>}
 */
function knownTo(address) {
  return new Promise(resolve => {
    const [host, port] = address.split(':')
    const socket = connect(Number(port), host)
    // The first line of the protocol: INFO, and an object.
    socket.once('data', line => {
      socket.destroy()
      resolve(JSON.parse(line.toString().slice(5).split('\r')[0]).connect_urls?.length ?? 1)
    })
    socket.once('error', () => resolve(0))
    socket.once('close', () => resolve(0))
  })
}

export class Servers {
  /** @type {Server[]} */
  all

  /** @param {Server[]} all */
  constructor(all) {
    this.all = all
  }

  /** @param {string} file what {@link findServer} has found @param {Crew} crew */
  static async start(file, crew) {
    const ports = await freePorts(6)
    const at = ports.map(port => `${LOOPBACK}:${port}`)
    const routes = at.slice(3).map(address => `"nats-route://${address}"`)
    const all = ['a', 'b', 'c'].map((name, i) => {
      return new Server(file, crew, name, at[i], {
        ZVERSE_SERVER: name,
        ZVERSE_LISTEN: `"${at[i]}"`,
        ZVERSE_ROUTES_LISTEN: `"${at[3 + i]}"`,
        ZVERSE_ROUTES: `[${routes.join(', ')}]`,
        ZVERSE_STORE: JSON.stringify(join(crew.directory, name)),
      })
    })
    const servers = new Servers(all)
    await servers.startAll()
    return servers
  }

  get addresses() {
    return this.all.map(({ address }) => address)
  }

  /** Starts them, one after the other: routes that both ends make in the same moment may close each other. */
  async startAll() {
    for (const server of this.all) await server.start()
    for (const server of this.all) await this.#meet(server)
  }

  /** Starts one that was killed. @param {Server} server */
  async startAgain(server) {
    await server.start()
    await this.#meet(server)
  }

  /**
   * Waits until a server has met the others. One that never would is started again. @param {Server} server
   */
  async #meet(server) {
    for (let tries = 1; (await knownTo(server.address)) < this.all.length; tries++) {
      if (tries % PATIENCE === 0) {
        await server.kill()
        await server.start()
      }
      await delay(50)
    }
  }

  async killAll() {
    await Promise.all(this.all.map(server => server.kill()))
  }

  /** The server that leads a stream. @param {string} stream */
  async leaderOf(stream) {
    const connection = await connectTo({ servers: this.addresses })
    try {
      for (;;) {
        try {
          const manager = await jetstreamManager(connection, { checkAPI: false })
          const { cluster } = await manager.streams.info(stream)
          const leader = this.all.find(({ name }) => name === cluster?.leader)
          if (leader !== undefined) return leader
        } catch {
          // They have not elected one yet.
        }
        await delay(100)
      }
    } finally {
      await connection.close()
    }
  }
}
