// @ts-check
/** `restore` of the version before 100 commits of one put each; only the restoring is timed. */
const CHANGES = 100

/** @type {import('../stage.js').Scenario} */
export const restore = {
  name: 'restore',
  title: `restore of a version ${CHANGES} changes back, a million keys`,
  figures: { time: 'µs' },
  needs: ['database'],
  start(stage) {
    const { sorted, values, random, count } = stage.data
    const db = stage.database
    let at = 0
    const work = {
      before: () => {
        at = db.version
        for (let i = 0; i < CHANGES; i++) db.put(sorted[random(count)], values[random(count)])
      },
      run: () => {
        db.restore({ at })
        return 1
      },
    }
    return { time: work }
  },
}
