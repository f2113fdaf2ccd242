// @ts-check
/**
 * How a repository is kept in zverse, for everything here that writes or reads it.
 *
 *   the unnamed store   path → mode (2 bytes, big-endian) and content. Both sides are bytes: git
 *                       paths need not be UTF-8, and in byte order they come as git lists them,
 *                       a directory being one prefix. A symbolic link's content is its target, a
 *                       submodule's the name of its commit.
 *   commits             version → { oid, author, email, date, subject }
 *   oids                the commit's name → version
 *
 * One commit of git is one transaction over all three, and so one version, even if it changed no
 * file. Making the two stores takes versions too: `first` is the version of the oldest commit.
 */
import { createHash, hash } from 'node:crypto'
import { SUBMODULE, SYMLINK } from './parse.js'

/** @typedef {{ oid: string, author: string, email: string, date: Date, subject: string }} Meta */
/** @typedef {import('zverse').ZVerse<Uint8Array, Uint8Array>} Database */
/** @typedef {{ db: Database, commits: import('zverse').Store<number, Meta>,
 *   oids: import('zverse').Store<string, number>, first: number, last: number }} Machine */

const HEADER = 2
let scratch = Buffer.alloc(1 << 16)

/**
 * A value of the unnamed store. It lies in a buffer that the next call uses again: the database
 * copies it.
 * @param {number} mode @param {Uint8Array} content
 * @returns {Uint8Array}
 */
export function encodeFile(mode, content) {
  const size = HEADER + content.length
  if (scratch.length < size) scratch = Buffer.alloc(size)
  scratch.writeUInt16BE(mode)
  scratch.set(content, HEADER)
  const value = scratch.subarray(0, size)
  if (size > 1 << 24) scratch = Buffer.alloc(1 << 16)
  return value
}

/** @param {Uint8Array} value */
export const modeOf = value => value[0] * 256 + value[1]
/** @param {Uint8Array} value */
export const contentOf = value => value.subarray(HEADER)

/**
 * The name git gives to a stored file: the hash of its content, worked out from the bytes alone.
 * @param {Uint8Array} value
 * @param {number} digits of a name in this repository: 40 (SHA-1) or 64 (SHA-256)
 */
export function oidOf(value, digits) {
  const content = contentOf(value)
  if (modeOf(value) === SUBMODULE) return Buffer.from(content).toString('hex')
  const algorithm = digits === 64 ? 'sha256' : 'sha1'
  const header = `blob ${content.length}\0`
  if (content.length > 1 << 16) {
    return createHash(algorithm).update(header).update(content).digest('hex')
  }
  // For small contents, one call on one piece of memory takes a third of the time.
  const whole = Buffer.allocUnsafe(header.length + content.length)
  whole.write(header, 'latin1')
  whole.set(content, header.length)
  return hash(algorithm, whole, 'hex')
}

/** A, D, T (another kind of file) or M, as git has it.
 * @param {Uint8Array | undefined} before @param {Uint8Array | undefined} after */
export function statusOf(before, after) {
  if (!before) return 'A'
  if (!after) return 'D'
  return modeOf(before) >> 12 === modeOf(after) >> 12 ? 'M' : 'T'
}

/** @param {Uint8Array} value */
export function kindOf(value) {
  const mode = modeOf(value)
  if (mode === SUBMODULE) return 'submodule'
  if (mode === SYMLINK) return 'link'
  return mode & 0o111 ? 'program' : 'file'
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Characters that a terminal would act upon instead of showing them. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/** A name or subject for people. @param {string} text */
export const showText = text => text.replace(UNPRINTABLE, '\ufffd')

/**
 * A path for people: as it is if it can be shown, else quoted as git does.
 * @param {Uint8Array} path
 */
export function showPath(path) {
  try {
    const text = strict.decode(path)
    if (showText(text) === text && !text.startsWith('"')) return text
  } catch {
    // not UTF-8
  }
  const named = new Map([
    [9, '\\t'],
    [10, '\\n'],
    [13, '\\r'],
    [34, '\\"'],
    [92, '\\\\'],
  ])
  const shown = Array.from(path, byte => {
    if (byte >= 32 && byte < 127) return named.get(byte) ?? String.fromCharCode(byte)
    return named.get(byte) ?? `\\${byte.toString(8).padStart(3, '0')}`
  })
  return `"${shown.join('')}"`
}

/**
 * The path that a user typed: plain, or quoted as {@link showPath} shows it, the only way to type
 * paths that are not UTF-8.
 * @param {string} text
 * @returns {Uint8Array}
 */
export function readPath(text) {
  if (!/^".*"$/s.test(text)) return Buffer.from(text)
  const named = new Map([
    ['t', '\t'],
    ['n', '\n'],
    ['r', '\r'],
  ])
  const parts = text.slice(1, -1).match(/\\[0-7]{3}|\\.|[^\\]+/gs) ?? []
  return Buffer.concat(
    parts.map(part => {
      if (/^\\[0-7]{3}$/.test(part)) return Buffer.from([Number.parseInt(part.slice(1), 8) & 255])
      return Buffer.from(part[0] === '\\' ? (named.get(part[1]) ?? part[1]) : part)
    }),
  )
}
