// @ts-check
/**
 * Fills a database with gigabytes and checks every byte: references above 2³¹, bytes above 4 GiB,
 * values that straddle the borders of byte windows, and everything freed again.
 *
 * `node spec/stress/large.js [GiB]`, 6 by default; needs as much memory, and the built `dist/`.
 */
import { ZVerse } from '../../dist/index.js'

const GIB = 2 ** 30
const gib = Number(process.argv[2] ?? 6)
const SIZES = [40, 300, 5_000, 70_000, 1_000_003, 20_000_001]

/** @param {boolean} isTrue @param {string} what */
function must(isTrue, what) {
  if (!isTrue) throw new Error(`large: ${what}`)
}

/** The bytes of value `i`: cheap to make, different everywhere. @param {number} i */
function bytesOf(i) {
  const bytes = new Uint8Array(/** @type {number} */ (SIZES[i % SIZES.length]))
  bytes.fill(i & 255)
  for (let at = 0; at < bytes.length; at += 4093) bytes[at] = (i * 31 + at) & 255
  return bytes
}

const key = (/** @type {number} */ i) => `key-${String(i).padStart(8, '0')}`
const db = ZVerse.open({ maxBytes: (gib + 1) * GIB, values: 'binary', history: { versions: 0 } })

const begun = performance.now()
let count = 0
for (let filled = 0; filled < gib * GIB; ) {
  db.transact(tx => {
    for (let n = 0; n < 60 && filled < gib * GIB; n++) {
      const value = bytesOf(count)
      tx.put(key(count++), value)
      filled += value.length
    }
  })
}
const { usedBytes } = db.stats().memory
must(usedBytes > gib * GIB, 'everything is in the arena')
let i = 0
for (const [at, value] of db.range()) {
  must(at === key(i), `key ${i} comes in order`)
  must(Buffer.compare(value, bytesOf(i)) === 0, `value ${i} is as it was written`)
  i++
}
must(i === count, 'every key is there')
// Every other one is replaced by one of another size, far above 4 GiB as below.
for (let n = 1; n < count; n += 2) db.put(key(n), bytesOf(n - 1))
for (let n = 0; n < count; n++) {
  const expected = bytesOf(n % 2 === 0 ? n : n - 1)
  must(Buffer.compare(/** @type {Uint8Array} */ (db.get(key(n))), expected) === 0, `value ${n}`)
}
must(db.check().ok, 'check() after replacing')
db.clear()
for (let n = 0; n < 100 + count; n++) db.put(key(0), bytesOf(0))
const report = db.check()
must(report.ok, 'check() after clearing')
must(report.usedBytes < GIB / 8, 'the memory is free again')
const seconds = (performance.now() - begun) / 1000
console.log(
  `large: ${count} values, ${gib} GiB, written, read, replaced and freed in ${seconds.toFixed(0)} s`,
)
