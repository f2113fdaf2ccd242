// @ts-check
/**
 * The trial of replicas over three NATS servers on this machine (docs/cluster.md): `npm run bench:cluster`. Each figure is
 * the median of several runs, with the least and the greatest.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ZVerse } from '../../dist/index.js'
import { memoryLog } from '../../dist/log.js'
import { jetstream } from '../../dist/nats/index.js'
import { findServer, startServers } from './servers.js'

const only = process.argv[2]
const file = findServer()
if (file === undefined) {
  console.error('there is no nats-server: sh spec/nats/get-server.sh gets one')
  process.exit(1)
}
const { servers, kill, start, stop } = await startServers(file)
/** @type {any} */
const signal = { aborted: false, addEventListener() {}, removeEventListener() {} }
let streams = 0

/** @param {number[]} all @returns {number} */
const median = all => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0
/** @param {number[]} all */
const show = all => {
  /** @param {number} n */
  const text = n => (n >= 100 ? Math.round(n).toLocaleString('en') : n.toFixed(3))
  return `${text(median(all))} (${text(Math.min(...all))}–${text(Math.max(...all))})`
}
/** @param {string} key @param {unknown} value */
const put = (key, value) => ({ type: /** @type {const} */ ('put'), key, value })
const newStream = () => `trial-${process.pid}-${++streams}`
/** @param {string} stream */
const logOf = stream => jetstream({ servers, stream, replicas: 3 })

/** @param {string} stream @param {number} count */
async function writers(stream, count) {
  const path = fileURLToPath(new URL('writer.js', import.meta.url))
  const all = []
  for (let i = 0; i < count; i++) {
    const child = fork(path, [servers.join(','), stream, `w${i}`])
    await new Promise(resolve => child.once('message', resolve))
    all.push(child)
  }
  return all
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {object} message
 * @returns {Promise<any>}
 */
const told = (child, message) =>
  new Promise(resolve => {
    child.once('message', resolve)
    child.send(message)
  })

/** Acknowledged operations of 100 bytes a second. @param {number} count @param {number} window */
async function groups(count, window) {
  const stream = newStream()
  const children = await writers(stream, count)
  const ops = []
  const records = []
  for (let run = 0; run < 5; run++) {
    const results = await Promise.all(children.map(child => told(child, { ms: 2000, window })))
    ops.push(results.reduce((sum, { count, seconds }) => sum + count / seconds, 0))
    records.push(results[0].records / results[0].seconds)
  }
  for (const child of children) child.send({ end: true })
  console.log(
    `submit of 100 bytes, ${count} node(s) writing, ${window} under way each: ${show(ops)} ops/s, ${show(records)} records/s`,
  )
  return stream
}

/**
 * How long the log takes to deliver its records, and a node to apply them.
 * @param {string} stream
 * @param {string} what each record has
 */
async function applying(stream, what) {
  const delivered = []
  const applied = []
  for (let run = 0; run < 5; run++) {
    const log = logOf(stream)
    await log.open()
    const { last } = await log.ends()
    const local = memoryLog({ maxRecordBytes: 2 ** 24 })
    await local.open()
    let begun = performance.now()
    const records = []
    for await (const record of log.read(1, signal)) {
      records.push(record)
      if (record.sequence === last) break
    }
    delivered.push(last / ((performance.now() - begun) / 1000))
    await log.close()
    for (const { sequence, id, bytes } of records) await local.append(sequence - 1, id, bytes, 1e6)
    begun = performance.now()
    const db = await ZVerse.replicate({ log: local.node() })
    applied.push(last / ((performance.now() - begun) / 1000))
    await db.close()
  }
  console.log(
    `records of ${what} delivered: ${show(delivered)} /s; applied: ${show(applied)} /s; ratio ${(median(applied) / median(delivered)).toFixed(2)}`,
  )
}

/** Reads of a replica beside those of a plain database. */
async function reading() {
  const replica = await ZVerse.replicate({ log: logOf(newStream()) })
  const plain = /** @type {import('../../dist/index.js').ZVerse<any, any>} */ (ZVerse.open())
  const count = 100_000
  for (let i = 0; i < count; i += 1000) {
    const puts = Array.from({ length: 1000 }, (_, j) => put(`key ${i + j}`, i + j))
    await replica.submit(puts)
    plain.batch(puts)
  }
  /** @param {{ get(key: string): unknown }} db */
  const time = db => {
    const begun = performance.now()
    for (let i = 0, at = 1; i < 300_000; i++) {
      at = (at * 48_271) % 2_147_483_647
      db.get(`key ${at % count}`)
    }
    return performance.now() - begun
  }
  const ratios = []
  for (let run = 0; run < 31; run++) {
    const first = run % 2 ? replica : plain
    const one = time(first)
    const other = time(first === plain ? replica : plain)
    if (run > 4) ratios.push(first === plain ? one / other : other / one)
  }
  console.log(`get on a replica ÷ on a plain database: ${show(ratios)} of its speed`)
  await replica.close()
  plain.close()
}

/** A node joins a log whose snapshot has a million keys. */
async function joining() {
  const stream = newStream()
  const first = await ZVerse.replicate({ log: logOf(stream), snapshot: { bytes: 2 ** 25 } })
  const value = 'x'.repeat(20)
  for (let i = 0; i < 1e6; i += 2500) {
    await first.submit(Array.from({ length: 2500 }, (_, j) => put(`key ${i + j}`, value)))
  }
  const log = logOf(stream)
  await log.open()
  for (;;) {
    const snapshot = await log.getSnapshot()
    if (snapshot !== undefined) break
    await first.submit({ type: 'put', key: 'more', value })
  }
  await log.close()
  const seconds = []
  for (let run = 0; run < 5; run++) {
    const begun = performance.now()
    const db = await ZVerse.replicate({ log: logOf(stream) })
    seconds.push((performance.now() - begun) / 1000)
    if (db.size < 1e6) throw new Error(`it has ${db.size} keys`)
    await db.close()
  }
  console.log(`joining with a million keys: ${show(seconds)} s`)
  await first.close()
}

/** @param {number} ms */
const wait = ms => new Promise(resolve => setTimeout(resolve, ms))

/**
 * The longest pause between two acknowledgements while the leader is killed.
 * @param {() => Promise<unknown>} append
 * @param {number} kills
 */
async function pauses(append, kills) {
  const all = []
  for (let run = 0; run < kills; run++) {
    let [last, longest, isOver] = [performance.now(), 0, false]
    const loop = (async () => {
      while (!isOver) {
        await append()
        const now = performance.now()
        longest = Math.max(longest, now - last)
        last = now
      }
    })()
    await wait(1000)
    const leader = await leaderOf()
    kill(leader)
    await wait(15_000)
    isOver = true
    await loop
    all.push(longest / 1000)
    await start(leader)
    await wait(5000)
  }
  return all
}

let stream = ''
async function leaderOf() {
  const { connect } = await import('@nats-io/transport-node')
  const { jetstreamManager } = await import('@nats-io/jetstream')
  const connection = await connect({ servers })
  const manager = await jetstreamManager(connection)
  const { cluster } = await manager.streams.info(stream)
  await connection.close()
  return Number((cluster?.leader ?? 'n0').slice(1))
}

async function leaderKilled() {
  stream = newStream()
  const raw = logOf(stream)
  await raw.open()
  let [expected, id] = [0, 0]
  const body = new Uint8Array(200)
  const plain = await pauses(async () => {
    expected = await raw.append(expected, `raw ${++id}`, body, 60_000)
  }, 3)
  await raw.close()
  stream = newStream()
  const db = await ZVerse.replicate({ log: logOf(stream), timeout: 60_000 })
  const replica = await pauses(() => db.submit({ type: 'put', key: 'a', value: 1 }), 3)
  await db.close()
  console.log(`leader killed: pause of appends ${show(plain)} s, of submits ${show(replica)} s`)
}

const runs = {
  groups: async () => {
    await groups(1, 5000)
    await applying(await groups(3, 1), 'one operation')
    await applying(await groups(3, 5000), 'a group')
  },
  reading,
  joining,
  leader: leaderKilled,
}
for (const [name, run] of Object.entries(runs)) {
  if (only === undefined || only === name) await run()
}
stop()
process.exit(0)
