/**
 * A thread that reads all kept versions while another loads them. In version v every key has
 * the version that last wrote it as its value, and `sum` their sum.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { ZVerse } from '../../dist/index.js'

const { handle, last } = workerData
/** @type {ZVerse<string, number>} */
const db = ZVerse.attach(handle)
/** @type {string[]} */
const problems = []
let read = 0

/** @param {import('../../dist/index.js').View} view @param {string} what */
function judge(view, what) {
  let sum = 0
  let told = 0
  for (const { key, value, version } of db.getEntries(view)) {
    if (key === 'sum') told = value
    else {
      sum += value
      if (value !== version) problems.push(`${what}: ${key} is ${value}, of version ${version}`)
      if (db.get(key, view) !== value) problems.push(`${what}: get ${key} is not ${value}`)
    }
  }
  if (sum !== told) problems.push(`${what}: the sum is ${sum}, not ${told}`)
  read++
}

parentPort?.postMessage('ready')
while (db.version < last && problems.length < 10) {
  const versions = db.versions()
  for (const { version, tags } of [versions[0], ...versions.slice(-3)]) {
    try {
      judge({ at: version }, `version ${version} ${tags}`)
      for (const at of tags) judge({ at }, `tag ${at}`)
      for (const { value, version } of db.history('key 1')) {
        if (value !== undefined && value !== version) problems.push(`history ${version}: ${value}`)
      }
    } catch (error) {
      // Released since it was listed.
      if (/** @type {{ code: string }} */ (error).code !== 'ZVERSE_VERSION_NOT_RETAINED') {
        problems.push(String(error))
      }
    }
  }
  const tx = db.beginRead()
  judge({ snapshot: tx }, 'a pin')
  tx.close()
}
db.close()
parentPort?.postMessage({ problems, read })
