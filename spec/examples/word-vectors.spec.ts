/** The word vectors as their users meet them: a process that checks itself and reports the result. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PlainWords } from '../../examples/word-vectors/brute.js'
import { readOptions } from '../../examples/word-vectors/options.js'
import { DIMS, ofPackage, readWords } from '../../examples/word-vectors/words.js'
import { folder } from '../cli/fixtures.js'
import { figure, itRefuses, itTells, runExample } from './run.js'

const run = (args: string[]) => runExample('word-vectors', args)

describe('word vectors', () => {
  itRefuses('word-vectors', readOptions, [
    [['--words', '10'], /--words takes a whole number from 100 to 1000000, not '10'/],
    [['--edits', 'many'], /--edits takes a whole number from 0 to 10000, not 'many'/],
    [['--askers', '0'], /--askers takes a whole number from 1 to 64, not '0'/],
    [['--verify', '1.5'], /--verify takes a whole number/],
    [['--seed', '-1'], /--seed/],
    [['--fast'], /--fast/],
    [['king'], /king/],
  ])

  itTells('word-vectors', '--words')

  it('finds what is near, now and before, and all in order', () => {
    // Of the built-in set, and of the package where somebody has installed it.
    const args = ['--words', '3000', '--edits', '60', '--verify', '15', '--seed', '5']
    const { code, out, err } = run(args)
    expect(err).toBe('')
    expect(out).not.toMatch(/PROBLEM/)
    expect(out).toMatch(/\n {2}all is well\n$/)
    expect(code).toBe(0)

    expect(out).toMatch(/^3 000 words of /)
    expect(out).toMatch(/\n {2}king − man \+ woman +queen 0\.\d\d {2}/)
    expect(out).toMatch(/\n {2}paris − france \+ germany +berlin 0\.1\d {2}/)
    expect(out).toMatch(/\n {2}exact +27 answers are right\n {2}by default +\d+\.\d % of the/)
    expect(out).toMatch(/\n60 edits in .*, each of them a version\n/)
    expect(figure(out, /asked +([\d ]+) times, by 2 threads/)).toBeGreaterThanOrEqual(40)
    expect(out).toMatch(/\n {2}about then +27 of 27 have the answers that they had\n/)
    expect(out).toMatch(/\n {2}recall +[\d.]+ % before the edits, [\d.]+ % after them\n/)
  })

  it('of few words, and without edits', () => {
    const { code, out } = run(['--words', '100', '--edits', '0', '--verify', '0'])
    expect(out).toMatch(/\n {2}king − man \+ woman +not there\n/)
    expect(out).toMatch(/\n {2}all is well\n$/)
    expect(code).toBe(0)
  })
})

describe('what the words are read of', () => {
  it('a file as the package has it, up to as many as are asked for', () => {
    using place = folder()
    const words = ['the', '"', 'vectors', '\\', 'é', 'last']
    const vectors = Object.fromEntries(
      words.map((word, i) => [word, [...Array(DIMS).keys()].map(d => (d === i ? -2.5 : 0))]),
    )
    const rows = Object.entries(vectors).map(([word, row], i) => [word, [...row, 1, i]])
    const file = join(place.path, 'package.json')
    writeFileSync(file, JSON.stringify({ size: 6, words, vectors: Object.fromEntries(rows) }))
    const all = ofPackage(file, 100)
    expect(all.words).toEqual(words)
    expect([...all.vectors.keys()].filter(i => all.vectors[i] !== 0)).toEqual(
      words.map((_, i) => i * DIMS + i),
    )
    expect(all.vectors[DIMS + 1]).toBe(-1)
    expect(ofPackage(file, 2).words).toEqual(['the', '"'])
  })

  it('the judge objects to what is wrong', () => {
    const plain = new PlainWords(readWords(300))
    const question = { plus: ['he'], minus: [] }
    const truth = plain.answer(question) ?? []
    const judged = (answer: typeof truth | null, exact = true) => {
      return plain.compare(question, answer, exact)
    }
    expect(judged(truth)).toEqual({ problems: [], found: 5, all: 5 })
    const far = { word: 'the', distance: plain.answer({ plus: ['the'], minus: [] })?.[4].distance }
    expect(judged(null).problems).toHaveLength(1)
    expect(judged(truth.slice(1)).problems).not.toEqual([])
    expect(judged([...truth].reverse()).problems).not.toEqual([])
    expect(judged([...truth.slice(0, 4), truth[0]]).problems).not.toEqual([])
    expect(judged([...truth.slice(0, 4), far as (typeof truth)[0]], false).problems).not.toEqual([])
    const own = { ...question, plus: [truth[0].word] }
    expect(plain.compare(own, truth, false).problems).not.toEqual([])
  })
})
