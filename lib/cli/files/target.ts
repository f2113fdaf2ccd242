/**
 * Writes files whole, or not at all. The output goes to a file beside the target, which takes the target's
 * place once it is whole. A target that is no regular file (a pipe, a device) gets the output as it comes.
 */
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  createWriteStream,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Mistake } from '../words.js'

interface Target {
  /** The file itself, if the path is a link to it. */
  readonly path: string
  /** Its permissions; undefined if there is no file yet. */
  readonly mode: number | undefined
  readonly isRegular: boolean
}

/** Signals that end the process. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Checks that a file can be written, before there is anything to lose.
 * @throws Mistake if it cannot
 */
export function targetOf(path: string): Target {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there?.isDirectory()) throw new Mistake(`${path}: this is a directory`)
  if (there === undefined) {
    const folder = dirname(path)
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new Mistake(`${path}: there is no directory ${folder}`)
    }
    writable(folder, path)
    return { path, mode: undefined, isRegular: true }
  }
  writable(path, path)
  if (!there.isFile()) return { path, mode: undefined, isRegular: false }
  const file = realpathSync(path)
  writable(dirname(file), path)
  return { path: file, mode: there.mode & 0o7777, isRegular: true }
}

function writable(file: string, path: string): void {
  try {
    accessSync(file, constants.W_OK)
  } catch (error) {
    throw Object.assign(error as object, { path })
  }
}

/** Writes a file, gzipped if its name says so. */
export async function writeFile(asked: string, chunks: AsyncIterable<string>): Promise<void> {
  const { path, mode, isRegular } = targetOf(asked)
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}`)
  const remove = () => {
    if (isRegular) rmSync(beside, { force: true })
  }
  // A process killed while it writes leaves no file behind, and still dies of the signal.
  const die = (signal: NodeJS.Signals) => {
    remove()
    for (const name of SIGNALS) process.off(name, die)
    process.kill(process.pid, signal)
  }
  for (const name of SIGNALS) process.on(name, die)
  process.on('exit', remove)
  try {
    const file = createWriteStream(isRegular ? beside : path, {
      flags: isRegular ? 'wx' : 'w',
      flush: isRegular,
    })
    const from = Readable.from(chunks)
    if (asked.endsWith('.gz')) await pipeline(from, createGzip(), file)
    else await pipeline(from, file)
    if (!isRegular) return
    if (mode !== undefined) chmodSync(beside, mode)
    renameSync(beside, path)
  } catch (error) {
    remove()
    // The file beside the target is ours: the message names the target.
    const { syscall } = error as NodeJS.ErrnoException
    if (syscall !== undefined) Object.assign(error as object, { path: asked })
    throw error
  } finally {
    for (const name of SIGNALS) process.off(name, die)
    process.off('exit', remove)
  }
}
