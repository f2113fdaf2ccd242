// @ts-check
/**
 * The process that `mains.ts` has standing by: runs main modules one after the other, each as if the
 * process were its own. Their imports are loaded once; they themselves are loaded anew each time.
 *
 * A program has arguments, environment, working directory, input, outputs and exit code of its own. It
 * must clean up all other changes to the process: listeners that it leaves behind are an error. If it
 * ends the process, the answer is given first, and another process stands by next time.
 */
import { Console } from 'node:console'
import process from 'node:process'
import { Readable, Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { receive, send } from './frames.js'

/** Files that are open from the start. Node sets those of standard input and output not to wait. */
const REQUESTS = 3
const ANSWERS = 4
/** Bytes that a pipe brings at once. */
const PIECE = 2 ** 16

class Paper extends Writable {
  /** @type {Buffer[]} */
  pieces = []

  /** @override @param {Buffer} piece @param {unknown} _ @param {() => void} done */
  _write(piece, _, done) {
    // A copy: the writer may use the buffer again.
    this.pieces.push(Buffer.from(piece))
    done()
  }
}

/** @param {Buffer} bytes */
function* piecesOf(bytes) {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE)
}

/** @param {string} name @param {unknown} value */
function replace(name, value) {
  Object.defineProperty(process, name, { value, configurable: true, writable: true })
}

const listeners = () => {
  return process.eventNames().map(name => `${String(name)} ${process.listenerCount(name)}`)
}

let stderr = new Paper()
/** Answers, once. @type {(isEnding: boolean) => void} */
let answer = () => {}
// A program that ends the process has come to its end as well.
process.on('exit', () => answer(true))
// Node itself would write it to the process's own output.
process.on('warning', ({ name, message }) => stderr.write(`(node) ${name}: ${message}\n`))
const before = listeners().join()

/** @param {string} main @param {Buffer} input */
async function run(main, input) {
  const stdout = new Paper()
  stderr = new Paper()
  replace('stdin', Readable.from(piecesOf(input), { objectMode: false }))
  replace('stdout', stdout)
  replace('stderr', stderr)
  globalThis.console = new Console(stdout, stderr)
  const [out, err] = [stdout, stderr]
  answer = isEnding => {
    answer = () => {}
    const head = JSON.stringify({ code: process.exitCode ?? 0, isEnding })
    send(ANSWERS, [Buffer.from(head), Buffer.concat(out.pieces), Buffer.concat(err.pieces)])
  }
  try {
    await import(`${pathToFileURL(main).href}?${++count}`)
  } catch (error) {
    stderr.write(`${inspect(error)}\n`)
    process.exitCode = 1
  }
  // Output and warnings that are due come before the end.
  await nextTurn()
  const after = listeners().join()
  if (after !== before) {
    stderr.write(`listeners are left behind: ${before} became ${after}\n`)
    process.exitCode = 1
  }
  answer(false)
  process.exitCode = undefined
  // Closed databases go: with more address space than the machine has memory no process could be started.
  globalThis.gc?.()
}

let count = 0
for (let parts = receive(REQUESTS); parts !== undefined; parts = receive(REQUESTS)) {
  const [head, input] = parts
  const { main, args, cwd, env } = JSON.parse(String(head))
  process.chdir(cwd)
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, env)
  process.argv = [process.execPath, main, ...args]
  await run(main, input ?? Buffer.alloc(0))
}
