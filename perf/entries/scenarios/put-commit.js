// @ts-check
/**
 * Commits of one put each on random keys of the set. zverse keeps its default history meanwhile, so
 * each commit past the first thousand also releases one version.
 */
const PUTS = 100
const SETTLING = 2000

/** @type {import('../stage.js').Scenario} */
export const putCommit = {
  name: 'put-commit',
  title: 'single-put commits',
  figures: { time: 'µs' },
  longer: 2,
  needs: ['put'],
  start(stage) {
    const { reads, values, count } = stage.data
    const { put } = stage.loaded
    let at = 0
    let shift = 0
    const chunk = () => {
      for (let i = at; i < at + PUTS; i++) put(reads[i], values[(i + shift) % count])
      at += PUTS
      if (at >= reads.length) {
        at = 0
        shift++
      }
      return PUTS
    }
    for (let done = 0; done < SETTLING; done += chunk());
    return { time: chunk }
  },
}
