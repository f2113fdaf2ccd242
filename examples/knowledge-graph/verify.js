// @ts-check
/** Compares all answers with a plain graph that is led through the same patches. */
import { isDeepStrictEqual } from 'node:util'
import { PlainGraph } from './plain.js'
import { QUESTIONS } from './questions.js'

/** @typedef {import('./asker.js').Answer} Answer */
/** @typedef {import('./graph.js').Patch} Patch */

/**
 * Goes from version to version, and asks the plain graph the questions that the stored one was
 * asked there.
 * @param {Patch[]} patches the first is that of version 1
 * @param {Answer[]} answers @returns {Promise<string[]>} problems
 */
export async function verifyAnswers(patches, answers) {
  const sorted = [...answers].sort((one, other) => one.version - other.version)
  const problems = []
  const graph = new PlainGraph()
  let done = 0
  for (const [index, patch] of patches.entries()) {
    graph.apply(patch)
    for (; sorted[done]?.version === index + 1; done++) {
      const { kind, about, answer } = sorted[done]
      const expected = await QUESTIONS[kind](graph, about)
      if (isDeepStrictEqual(answer, expected)) continue
      problems.push(`version ${index + 1}: ${kind} of ${about}: ${answer}, not ${expected}`)
    }
  }
  if (done < sorted.length) problems.push(`${sorted.length - done} answers of no version`)
  return problems
}

/** Whether both say the same, in any order. @param {Patch} one @param {Patch} other */
export function isSamePatch(one, other) {
  const [mine, theirs] = [one, other].map(({ removed, added }) => {
    return [removed, added].map(facts => facts.map(String).sort())
  })
  return isDeepStrictEqual(mine, theirs)
}
