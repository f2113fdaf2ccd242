/** The knowledge graph as its users meet it: a process that checks itself and reports the result. */
import { describe, expect, it } from 'vitest'
import { readOptions } from '../../examples/knowledge-graph/options.js'
import { figure, itRefuses, itTells, runExample } from './run.js'

const run = (args: string[]) => runExample('knowledge-graph', args)

describe('knowledge graph', () => {
  itRefuses('knowledge-graph', readOptions, [
    [['--people', '1'], /--people takes a whole number from 2 to 10000, not '1'/],
    [['--papers', 'many'], /--papers takes a whole number from 2 to 10000, not 'many'/],
    [['--patches', '1.5'], /--patches takes a whole number/],
    [['--askers', '0'], /--askers takes a whole number from 1 to 64, not '0'/],
    [['--seed', '-1'], /--seed/],
    [['--fast'], /--fast/],
    [['paper:1'], /paper:1/],
  ])

  itTells('knowledge-graph', '--patches')

  it('changes and asks at once, looks back, and finds all in order', () => {
    const { code, out, err } = run(['--patches', '300', '--papers', '60', '--people', '20'])
    expect(err).toBe('')
    expect(out).not.toMatch(/PROBLEM/)
    expect(out).toMatch(/\n {2}all is well\n$/)
    expect(code).toBe(0)

    expect(out).toMatch(/^20 people and their papers: [\d ]+ facts in the end\n/)
    expect(out).toMatch(/\n {2}patches {3}301, each one version, [\d ]+\/s\n/)
    expect(out).toMatch(/\n {2}heard {5}301 patches, as they were made\n/)
    expect(figure(out, /answers {3}([\d ]+), by 2 threads/)).toBeGreaterThan(0)
    expect(figure(out, /\n {2}walks {5}([\d ]+) of the answers once more/)).toBeGreaterThan(0)
    expect(figure(out, /\n +([\d ]+) of them the whole graph/)).toBeGreaterThan(0)

    const name = /\nVersion \d+: (paper:\d+) is retracted, with each citation/.exec(out)?.[1]
    expect(name).toBeDefined()
    expect(out).toMatch(
      new RegExp(`\n {2}- ${name} status published +said in \\d+, withdrawn in \\d+\n`),
    )
    expect(out).toMatch(new RegExp(`\n {2}\\+ ${name} status retracted +said in \\d+\n`))
    expect(out).toMatch(/\n {2}at version \d+ it builds on (\d+ papers?|nothing)\n/)
    expect(out).toMatch(/\n {2}at version \d+ it builds on nothing\n/)
  })
})
