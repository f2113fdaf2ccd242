// @ts-check
/**
 * What an edge takes: all used bytes of zverse, without a past, after the graph was put in one transaction; of graphology
 * what JavaScript's heap grows by, without the names, which are there before.
 */

/** @type {import('../stage.js').Scenario} */
export const bytes = {
  name: 'graph-bytes',
  title: 'bytes an edge',
  figures: { bytes: { what: 'without a past', unit: 'bytes' } },
  once: true,
  start(stage) {
    const { graph } = stage
    return () => {
      const store = stage.empty({ history: { versions: 0 } })
      const before = store.usedBytes()
      store.addAll(graph.names, graph)
      const used = store.usedBytes() - before
      store.close()
      return { bytes: used / graph.from.length }
    }
  },
}
