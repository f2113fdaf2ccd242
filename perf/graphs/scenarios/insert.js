// @ts-check
/** The whole graph into an empty one in one transaction, edges in random order; time an edge. */

/** @type {import('../stage.js').Scenario} */
export const insert = {
  name: 'graph-insert',
  title: 'the graph in one transaction, an edge',
  figures: { time: 'µs' },
  start(stage) {
    const { graph } = stage
    /** @type {import('../stage.js').Store} */
    let store
    return {
      time: {
        runs: 1,
        before: () => {
          store = stage.empty()
        },
        run: () => {
          store.addAll(graph.names, graph)
          return graph.from.length
        },
        after: () => {
          stage.look(store)
          store.close()
        },
      },
    }
  },
}
