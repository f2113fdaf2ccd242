/**
 * The suite on graphs, very small: each row gives the figures that it declares, and its answers are right. The peer, which
 * is not installed here, is left out.
 */
import { describe, expect, it } from 'vitest'
import { asking } from '../../perf/graphs/asking.js'
import { Answers, DEGREE, makeGraph, otherEdges } from '../../perf/graphs/data.js'
import { playAll } from './suite.js'

const settings = { keys: 2000, seed: 1, sampleMs: 2, seconds: 0.02, minutes: 0.01 }

describe('the suite', () => {
  it('of zverse has all figures', async () => {
    await playAll('graphs', 'zverse', settings, (figure, name) => {
      expect(figure, name).toBeGreaterThan(0)
    })
  })
})

describe('a graph', () => {
  const graph = makeGraph(300, 7)
  const answers = new Answers(graph)
  const edges = graph.from.map((from, i) => `${from} ${graph.to[i]}`)
  const tasteOf = (nodes: Iterable<string>) =>
    [...nodes].reduce((sum, node) => sum + node.charCodeAt(node.length - 1), 0)
  const next = (node: string) => graph.to.filter((_, i) => graph.from[i] === node)

  it('has ten edges from each node, each once, none to itself', () => {
    expect(graph.names).toHaveLength(30)
    expect(new Set(edges).size).toBe(300)
    for (const node of graph.names) {
      expect(next(node)).toHaveLength(DEGREE)
      expect(next(node)).not.toContain(node)
    }
    expect(makeGraph(300, 7).to).toEqual(graph.to)
  })

  it('lacks the others', () => {
    const { from, to } = otherEdges(20, graph)
    const others = from.map((node, i) => `${node} ${to[i]}`)
    expect(new Set(others).size).toBe(20)
    expect(others.filter(edge => edges.includes(edge))).toEqual([])
  })

  it('is what answers are made of', () => {
    const [node, last] = [graph.names[3], graph.names[29]] as [string, string]
    const near = next(node)
    expect(answers.targets(node)).toBe(tasteOf(near))
    expect(answers.sources(node)).toBe(tasteOf(graph.from.filter((_, i) => graph.to[i] === node)))
    const all = new Set([...near, ...near.flatMap(next)])
    all.delete(node)
    expect(answers.twoHops(node)).toBe(tasteOf(all))
    expect(answers.path([node, node])).toBe(0)
    expect(answers.path([node, near[0] as string])).toBe(1)
    const distance = near.includes(last) ? 1 : all.has(last) ? 2 : 3
    expect(answers.path([node, last])).toBe(distance)
  })

  it('is asked only where the answers are right', () => {
    const nodes = Array.from({ length: 200 }, (_, i) => graph.names[i % 30] as string)
    const run = asking(nodes, answers.targets, answers.targets)
    for (let i = 0; i < 5; i++) expect(run()).toBe(100)
    expect(() => asking(nodes, node => answers.targets(node) + 1, answers.targets)).toThrow('wrong')
  })
})
