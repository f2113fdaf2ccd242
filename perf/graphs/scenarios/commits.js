// @ts-check
/**
 * Edges that come and go, a commit each, in turns: those that one run adds the next one removes, so the graph stays of its size.
 * zverse keeps its default history meanwhile, as in `put-commit`.
 */
import { otherEdges } from '../data.js'

const EDGES = 20
const SETTLING = 2000
const DRAWN = 100_000

/** @type {import('../stage.js').Scenario} */
export const commits = {
  name: 'graph-commit',
  title: 'single-edge commits',
  figures: {
    time: { what: 'an edge is added', unit: 'µs' },
    removed: { what: 'an edge is removed', unit: 'µs' },
  },
  note: 'graphology has no commits',
  start(stage) {
    const store = stage.filled()
    const { from, to } = otherEdges(DRAWN, stage.graph)
    const count = Math.min(EDGES, from.length)
    let at = 0
    let isAdded = false
    const add = () => {
      for (let i = at; i < at + count; i++) store.add(from[i], to[i])
      isAdded = true
      return count
    }
    const remove = () => {
      for (let i = at; i < at + count; i++) store.remove(from[i], to[i])
      at = at + 2 * count > from.length ? 0 : at + count
      isAdded = false
      return count
    }
    for (let done = 0; done < SETTLING; done += add() + remove());
    stage.after(() => {
      if (isAdded) remove()
      stage.look(store)
      store.close()
    })
    const added = () => void (isAdded || add())
    const removed = () => void (isAdded && remove())
    return { time: { before: removed, run: add }, removed: { before: added, run: remove } }
  },
}
