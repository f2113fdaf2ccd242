// @ts-check
/** Three NATS servers on loopback that lose nothing, for the trial of replicas; gone with this process. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

/** The server's file; undefined where there is none. */
export function findServer() {
  const { ZVERSE_NATS_SERVER, PATH = '' } = process.env
  const folders = [join('node_modules', '.cache', 'nats'), ...PATH.split(delimiter), '/usr/sbin']
  const files = [ZVERSE_NATS_SERVER, ...folders.map(folder => join(folder, 'nats-server'))]
  return files.find(file => file !== undefined && existsSync(file))
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer()
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  await new Promise(resolve => server.close(resolve))
  return port
}

/** @param {number} port */
async function answers(port) {
  for (;;) {
    const isThere = await new Promise(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('data', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    if (isThere) return
    await setTimeout(20)
  }
}

/**
 * Starts them. `kill(i)` and `start(i)` are of one; `stop` ends all, and deletes what they have.
 * @param {string} file
 */
export async function startServers(file, count = 3) {
  const folder = mkdtempSync(join(tmpdir(), 'zverse-cluster-'))
  /** @type {number[]} */
  const ports = []
  /** @type {number[]} */
  const routes = []
  for (let i = 0; i < count; i++) {
    ports.push(await freePort())
    routes.push(await freePort())
  }
  const all = routes.map(port => `nats-route://127.0.0.1:${port}`).join(', ')
  /** @type {import('node:child_process').ChildProcess[]} */
  const children = []
  /** @param {number} i */
  const start = async i => {
    const config = [
      `server_name: n${i}`,
      `listen: "127.0.0.1:${ports[i]}"`,
      `jetstream { store_dir: ${JSON.stringify(join(folder, `n${i}`))}, sync_interval: always }`,
      `cluster { name: c, listen: "127.0.0.1:${routes[i]}", routes: [${all}] }`,
    ]
    const path = join(folder, `n${i}.conf`)
    writeFileSync(path, config.join('\n'))
    children[i] = spawn(file, ['-c', path], { stdio: 'ignore' })
    await answers(/** @type {number} */ (ports[i]))
  }
  /** @param {number} i */
  const kill = i => {
    children[i]?.kill('SIGKILL')
  }
  const stop = () => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  process.on('exit', stop)
  // At the same moment they would sometimes not all meet.
  for (const i of ports.keys()) await start(i)
  return { servers: ports.map(port => `127.0.0.1:${port}`), start, kill, stop }
}
