/** Opens a database when it is told to, and says what came of it: `node lock-child.js PATH`. */
import process from 'node:process'
import { createInterface } from 'node:readline'
import { ZVerse } from '../../dist/index.js'

const path = process.argv[2] ?? ''
/** @type {ReturnType<typeof ZVerse.open> | undefined} */
let db

/** @param {unknown} what */
const say = what => console.log(JSON.stringify(what))

/** @param {number} at when all begin, so that they race */
function open(at) {
  while (Date.now() < at);
  try {
    db = ZVerse.open({ path, maxBytes: 2 ** 20, sync: 'never', background: false })
    db.put('holder', process.pid)
    say({ open: process.pid })
  } catch (error) {
    const { code, pid, message } = /** @type {any} */ (error)
    say({ code, pid, message })
  }
}

say({ ready: process.pid })
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, number] = line.split(' ')
  if (verb === 'open') open(Number(number))
  if (verb === 'close') {
    db?.close()
    say({ closed: process.pid })
  }
}
