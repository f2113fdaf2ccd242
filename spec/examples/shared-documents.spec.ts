/**
 * The shared documents as their users meet them: a process that checks itself and reports the result.
 */
import { describe, expect, it } from 'vitest'
import { readOptions } from '../../examples/shared-documents/options.js'
import { figure, itRefuses, itTells, runExample } from './run.js'

const run = (args: string[]) => runExample('shared-documents', args)

describe('shared documents', () => {
  itRefuses('shared-documents', readOptions, [
    [['--editors', '0'], /--editors takes a whole number from 1 to 64, not '0'/],
    [['--documents', 'many'], /--documents takes a whole number from 1 to 1000, not 'many'/],
    [['--edits', '1.5'], /--edits takes a whole number/],
    [['--edits', '-1'], /--edits/],
    [['--fast'], /--fast/],
    [['document 1'], /document 1/],
  ])

  itTells('shared-documents', '--editors')

  it.each([
    [3, 4, 100],
    [2, 1, 60],
    [1, 3, 1],
  ])('lets %i threads edit %i documents, and finds all in order', (editors, documents, edits) => {
    const args = { editors, documents, edits }
    const { code, out, err } = run(Object.entries(args).flatMap(([k, v]) => [`--${k}`, `${v}`]))
    expect(err).toBe('')
    expect(out).not.toMatch(/PROBLEM/)
    expect(out).toMatch(/\n {2}all is well\n$/)
    expect(code).toBe(0)

    const count = editors * edits
    expect(figure(out, /\n {2}edits {5}([\d ]+), [\d ]+\/s, in [\d ]+ versions\n/)).toBe(count)
    expect(out).toMatch(/\n {2}threads {3}all end with the same documents/)
    expect(figure(out, /\n {2}stored {4}([\d ]+) updates, none written over\n/)).toBe(count)
    expect(figure(out, /\n {2}past {6}([\d ]+) documents read back/)).toBeGreaterThan(0)
    expect(out).toMatch(/\nHow document \d grew\n {2}version +\d+ +\d+ letters {2}\w/)
    expect(out).toMatch(/\n {2}flushDocument {3}\d+ updates are one now; versions \d+ to \d+\n/)
    expect(out).toMatch(/\n {2}clearDocument {3}\d documents of \d are left\n/)
    expect(out).toMatch(/\n {2}storeUpdate {5}it is back, as version \d+ has it\n/)
  })
})
