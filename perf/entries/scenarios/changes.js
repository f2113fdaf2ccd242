// @ts-check
/** `changes()` of one commit of 100 puts among the set, handed out; each time another of 200 commits. */
import { consume, taste } from '../../measure.js'
import { committing } from './diff.js'

const CHANGES = 100
const COMMITS = 200

/** @type {import('../stage.js').Scenario} */
export const changes = {
  name: 'changes',
  title: `changes() of one commit of ${CHANGES} puts`,
  figures: { time: 'µs' },
  needs: ['database'],
  start(stage) {
    const db = stage.database
    const { size, commit } = committing(stage, CHANGES)
    return () => {
      const since = db.version
      for (let i = 0; i < COMMITS; i++) commit()
      let at = 0
      const run = async () => {
        for await (const { changes } of db.changes({ since: since + (at++ % COMMITS) })) {
          for (const { key, value } of changes) consume(taste(key) + taste(value))
          if (changes.length !== size) throw new Error(`${changes.length} of ${size} changes`)
          break
        }
        return 1
      }
      return { time: { run, isAsync: true } }
    }
  },
}
