// @ts-check
/** Vectors that are replaced, a commit each, with the default history; of hnswlib in place. */

const CHUNK = 20

/** @type {import('../stage.js').Scenario} */
export const commits = {
  name: 'vectors-commit',
  title: 'single-vector commits: a vector is replaced',
  figures: { time: 'µs' },
  needs: ['put'],
  note: 'hnswlib has no commits, and forgets what it replaces',
  start(stage) {
    const store = stage.filled()
    stage.after(() => store.close())
    const vectors = stage.prepared(store, stage.set.vectors)
    let at = 0
    return {
      time: () => {
        for (let i = 0; i < CHUNK; i++, at++) {
          store.put?.(vectors[(at * 31 + 7) % vectors.length], (at * 17) % vectors.length)
        }
        return CHUNK
      },
    }
  },
}
