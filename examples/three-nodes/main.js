// @ts-check
/**
 * A bank on three nodes over three servers, on this machine. A server is killed while all nodes go on writing, then a
 * node, then all servers at once; all come back. In the end all nodes must have the same versions, and each commit that was
 * acknowledged, once. `--help` lists the options. The exit code is 0 if all is well, 1 if not or if there is no server,
 * 2 for an invalid command line.
 */
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { ZVerse } from 'zverse'
import { jetstream } from 'zverse/nats'
import { main } from '../command-line.js'
import { surely } from './bank.js'
import { Crew } from './crew.js'
import { difference, digest } from './digest.js'
import { Known, Node } from './nodes.js'
import { HELP, readOptions } from './options.js'
import { findServer, HOW, Servers } from './servers.js'
import { verify } from './verify.js'

/** @typedef {import('./options.js').Options} Options */

const STREAM = 'bank'

/** @param {string} [line] */
const say = (line = '') => void process.stdout.write(`${line}\n`)
/** @param {number} count */
const grouped = count => count.toLocaleString('en-US').replaceAll(',', ' ')

class Story {
  #begun = performance.now()

  get seconds() {
    return (performance.now() - this.#begun) / 1000
  }

  /** A line with the time. @param {string} line */
  tell(line) {
    say(`  ${this.seconds.toFixed(1).padStart(5)} s  ${line}`)
  }
}

/** Asks one node after the other for what was committed before. @param {Node[]} nodes @param {Known} known */
function syncing(nodes, known) {
  const counted = { syncs: 0, running: true }
  const done = (async () => {
    for (let i = 0; counted.running || counted.syncs === 0; i++) {
      const node = nodes[i % nodes.length]
      await delay(50)
      const { newest } = known
      const version = await node.sync()
      counted.syncs++
      if (version < newest) {
        known.problems.add(`node ${node.number} had ${version} after sync; ${newest} was committed`)
      }
    }
  })()
  return {
    stop: async () => {
      counted.running = false
      await done
      return counted.syncs
    },
  }
}

/**
 * @param {Options} options @param {Servers} servers @param {Crew} crew @param {Story} story
 * @returns {Promise<number>} the exit code
 */
async function play({ commits, ...others }, servers, crew, story) {
  const known = new Known()
  const settings = { ...others, servers: servers.addresses, stream: STREAM }
  const nodes = [1, 2, 3].map(number => new Node(number, crew, known, settings))
  /** Waits until each of some nodes has so many commits more. @param {Node[]} some */
  const goOn = async some => {
    const goals = some.map(node => node.commits + commits)
    await known.until(() => some.every((node, i) => node.commits >= goals[i]))
  }
  for (const node of nodes) node.start()
  await known.until(() => nodes.every(({ joined }) => joined !== undefined))
  story.tell('nodes 1, 2, 3 have joined, and write')
  await goOn(nodes)

  const leader = await servers.leaderOf(STREAM)
  await leader.kill()
  const [before, since] = [known.newest, story.seconds]
  story.tell(`kill -9 server ${leader.name}, which leads the log`)
  await known.until(() => known.newest > before)
  story.tell(`a commit after that: ${(story.seconds - since).toFixed(1)} s without one`)
  await goOn(nodes)
  await servers.startAgain(leader)
  story.tell(`each node has ${grouped(commits)} more; server ${leader.name} comes back`)
  await goOn(nodes)

  const [first, second, third] = nodes
  const asking = syncing([first, third], known)
  await second.kill()
  story.tell('kill -9 node 2')
  await goOn([first, third])
  second.start()
  story.tell(`nodes 1 and 3 have ${grouped(commits)} more; node 2 comes back, with nothing`)
  await known.until(() => second.joined !== undefined)
  const { oldest = 0, version = 0 } = second.joined ?? {}
  story.tell(`node 2 has a snapshot of version ${oldest}, and what came after it, to ${version}`)
  await goOn(nodes)
  const syncs = await asking.stop()
  await Promise.all(nodes.map(node => node.stop()))
  story.tell('the writers end')

  await servers.killAll()
  story.tell('kill -9 all servers')
  await servers.startAll()
  await servers.leaderOf(STREAM)
  const late = await join(servers)
  story.tell('they come back, and a fourth node joins')
  try {
    return await judge({ known, nodes, late, syncs })
  } finally {
    await late.close()
  }
}

/** A node of this process. @param {Servers} servers */
async function join(servers) {
  for (;;) {
    try {
      const log = jetstream({ servers: servers.addresses, stream: STREAM, replicas: 3 })
      return await ZVerse.replicate({ log, node: 'late', maxBytes: 2 ** 28 })
    } catch (error) {
      // The servers take a while to find each other.
      if (/** @type {any} */ (error).code !== 'ZVERSE_UNAVAILABLE') throw error
    }
    await delay(100)
  }
}

/**
 * @param {{ known: Known, nodes: Node[], late: import('./bank.js').Database, syncs: number }} played
 * @returns {Promise<number>} the exit code
 */
async function judge({ known, nodes, late, syncs }) {
  await surely(
    async () => void (await late.sync()),
    () => {},
  )
  const digests = await Promise.all(nodes.map(node => node.digest()))
  const own = digest(late)
  const { there, receipts, audits, problems } = verify(late, known.acknowledged)
  problems.push(...known.problems, ...own.problems)
  for (const [i, one] of digests.entries()) {
    const differs = difference(one, own) ?? difference(one, digests[0])
    if (differs !== undefined) problems.push(`node ${i + 1} differs: ${differs}`)
    problems.push(...one.problems)
  }
  await Promise.all(nodes.map(node => node.close()))

  const { none = 0, unknown = 0, conflict = 0 } = known.again
  const acknowledged = known.acknowledged.size
  const more = receipts + audits - acknowledged
  say()
  say(`  commits   ${grouped(acknowledged)} were acknowledged, ${grouped(there)} are there once`)
  say(`            ${grouped(more)} more are there, of which node 2 had no time to tell`)
  say(`            ${grouped(receipts)} transfers, ${grouped(audits)} audits`)
  say(
    `  versions  ${grouped(own.version)}, the same and of the same times on each node that has them`,
  )
  say(`  sync      ${grouped(syncs)} times a node had all that any node was told of before`)
  say(
    `  log       did not answer in time: ${grouped(none)} times nothing was done, ${grouped(unknown)} times`,
  )
  say(
    `            nobody knew; others were first too often: ${grouped(conflict)}. All was done again`,
  )
  for (const problem of problems) say(`  PROBLEM   ${problem}`)
  say(problems.length === 0 ? '  all is well' : '  NOT ALL IS WELL')
  return problems.length === 0 ? 0 : 1
}

/** @param {Options} options @returns {Promise<number>} the exit code */
async function run(options) {
  const file = findServer()
  if (file === undefined) {
    process.stderr.write(HOW)
    return 1
  }
  const crew = new Crew()
  const end = () => void crew.end().then(() => process.exit(1))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end)
  try {
    const { commits } = options
    say(`A bank on three nodes, ${grouped(commits)} commits of each between two blows`)
    const story = new Story()
    const servers = await Servers.start(file, crew)
    story.tell('servers a, b, c are up')
    return await play(options, servers, crew, story)
  } finally {
    await crew.end()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, end)
  }
}

await main(HELP, readOptions, run)
