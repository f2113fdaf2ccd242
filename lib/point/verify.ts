/**
 * Checks a point index against its tree. For `check()`; under the writer lock, slow.
 */

import { keyBytesOf } from '../memory/entry.js'
import { hashOf } from '../memory/hash.js'
import { E_KEY } from '../memory/layout.js'
import {
  B_LEVEL,
  D_DEPTH,
  D_MAX_DEPTH,
  D_SEGMENTS,
  G_DEPTH,
  G_USED,
  LEVEL_LOST,
  X_COUNT,
  X_DIRECTORY,
  X_WORDS,
} from '../memory/point-layout.js'
import { eachEntry } from '../tree/node.js'
import { ASK, probe } from './probe.js'
import {
  directoryLength,
  eachRef,
  eachSegment,
  homeOf,
  segmentWords,
  slotOf,
  wordFor,
} from './table.js'

/** The problems of the index at `head` of the tree below `root`, which is of `version`, the newest. */
export function verifyIndex(W: Uint32Array, head: number, root: number, version: number): string[] {
  const problems: string[] = []
  const directory = head === 0 ? 0 : W[head + X_DIRECTORY]
  if (directory === 0) return problems
  if (W[directory + D_DEPTH] > D_MAX_DEPTH) {
    return [`index: a directory of depth ${W[directory + D_DEPTH]}`]
  }
  const held = verifySegments(W, head, problems)
  let found = 0
  const key = new Uint32Array(4096)
  eachEntry(W, root, entry => {
    const bytes = keyBytesOf(W, entry)
    for (let i = 0; i < (bytes + 3) >>> 2; i++) key[i] = W[entry + E_KEY + i]
    const answer = probe(W, head, key, bytes, version)
    const hash = hashOf(W, entry)
    const word = wordFor(W, directory, hash)
    const home = homeOf(word, hash)
    if (answer === entry) found++
    else if (answer !== ASK || W[home + B_LEVEL] !== LEVEL_LOST) {
      problems.push(`index: entry ${entry} is ${answer === 0 ? 'absent' : `answered by ${answer}`}`)
    } else if (slotOf(W, word, home, entry) !== 0)
      problems.push(`index: entry ${entry} is there and not found`)
  })
  if (found !== held) problems.push(`index: ${held} references, ${found} of them present entries`)
  return problems
}

/** Checks the directory and the segments' own numbers; returns how many references there are. */
function verifySegments(W: Uint32Array, head: number, problems: string[]): number {
  const directory = W[head + X_DIRECTORY]
  const depth = W[directory + D_DEPTH]
  let total = 0
  let words = 0
  let place = 0
  eachSegment(W, directory, directoryLength(W, directory), (segment, code) => {
    const run = 2 ** (depth - W[segment + G_DEPTH])
    if (run < 1) problems.push(`index: segment ${segment} is deeper than its directory`)
    if (place % run !== 0) problems.push(`index: segment ${segment} begins in the middle`)
    for (const end = place + run; place < end; place++) {
      if (W[directory + D_SEGMENTS + place] !== segment + code) {
        problems.push(`index: place ${place} is not of segment ${segment}`)
      }
    }
    let used = 0
    eachRef(W, segment, code, () => used++)
    if (W[segment + G_USED] !== used) {
      problems.push(`index: segment ${segment} says ${W[segment + G_USED]} references, has ${used}`)
    }
    total += used
    words += segmentWords(code)
  })
  if (W[head + X_COUNT] !== total) problems.push(`index: says ${W[head + X_COUNT]}, has ${total}`)
  if (W[head + X_WORDS] !== words) problems.push(`index: says ${W[head + X_WORDS]} words: ${words}`)
  return total
}
