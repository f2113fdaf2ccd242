/**
 * Checks every invariant of a tree (node.ts names them). For `check()` and tests; slow on purpose.
 */
import { nodeBirth } from '../epoch/workspace.js'
import { N_ENTRIES, N_HEADS, N_MAX } from '../memory/layout.js'
import { capacityOf, countOf, depthOf, kidAt, levelOf, refAt } from '../memory/node.js'
import {
  compareEntries,
  entryBits,
  keyBytesOf,
  sharedBitsOfEntries,
  versionOf,
} from '../memory/words.js'

/** What is wrong with the tree below `root`, which belongs to `version` and should hold `count` keys. */
export function verifyTree(
  W: Uint32Array,
  root: number,
  count: number | null,
  version: number,
): string[] {
  const problems: string[] = []
  if (root === 0) {
    if (count !== null && count !== 0) problems.push(`empty tree that should have ${count} keys`)
    return problems
  }
  const entries = verifyNode(W, root, levelOf(W, root), version, problems)
  if (count !== null && entries !== count) problems.push(`tree has ${entries} keys, not ${count}`)
  return problems
}

function verifyNode(
  W: Uint32Array,
  node: number,
  level: number,
  version: number,
  problems: string[],
): number {
  const count = countOf(W, node)
  const capacity = capacityOf(W, node)
  const depth = depthOf(W, node)
  const birth = nodeBirth(W, node)
  const say = (what: string) => problems.push(`node ${node} (level ${level}): ${what}`)
  if (levelOf(W, node) !== level) say(`says level ${levelOf(W, node)}`)
  if (count < 1 || count > capacity || capacity > N_MAX) say(`count ${count} of ${capacity}`)
  if (birth > version) say(`born in ${birth}, after ${version}`)
  let entries = level === 0 ? count : 0
  for (let i = 0; i < count; i++) {
    const ref = refAt(W, node, i)
    if (W[node + N_HEADS + i] !== entryBits(W, ref, depth)) say(`head ${i} is not its key's`)
    if (depth > ((keyBytesOf(W, ref) + 3) >>> 2) * 32) say(`depth ${depth} beyond key ${i}`)
    if (i > 0) {
      const before = refAt(W, node, i - 1)
      if (compareEntries(W, before, ref) >= 0) say(`ref ${i} is not above the one before`)
      if (sharedBitsOfEntries(W, before, ref) < depth) say(`ref ${i} lacks the prefix`)
    }
    if (level === 0) {
      if (versionOf(W, ref) > birth) say(`entry ${i} is younger than its leaf`)
    } else {
      entries += verifyKid(W, node, i, level, birth, problems)
    }
  }
  if (W[node + N_ENTRIES] !== entries) say(`says ${W[node + N_ENTRIES]} entries, has ${entries}`)
  return entries
}

function verifyKid(
  W: Uint32Array,
  node: number,
  i: number,
  level: number,
  birth: number,
  problems: string[],
): number {
  const kid = kidAt(W, node, i)
  const entries = verifyNode(W, kid, level - 1, birth, problems)
  const say = (what: string) => problems.push(`node ${node} (level ${level}): ${what}`)
  if (refAt(W, kid, 0) !== refAt(W, node, i)) say(`ref ${i} is not the smallest below its kid`)
  let last = kid
  while (levelOf(W, last) > 0) last = kidAt(W, last, countOf(W, last) - 1)
  const largest = refAt(W, last, countOf(W, last) - 1)
  if (sharedBitsOfEntries(W, largest, refAt(W, node, 0)) < depthOf(W, node)) {
    say(`kid ${i} lacks the prefix`)
  }
  if (i + 1 < countOf(W, node) && compareEntries(W, largest, refAt(W, node, i + 1)) >= 0) {
    say(`kid ${i} reaches beyond the next one`)
  }
  return entries
}
