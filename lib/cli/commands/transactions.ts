/** Commands for transactions, and `watch`, which prints their changes. */
import type { Command } from '../command.js'
import { NOTHING, type Result, versionResult } from '../result.js'
import type { Session } from '../session.js'
import { Mistake } from '../words.js'
import { BOUNDS, boundsOf } from './ranges.js'

export const TRANSACTIONS: readonly Command[] = [
  {
    name: 'begin',
    group: 'Transactions',
    needs: 'prompt',
    arguments: [],
    options: [],
    summary: 'begins a transaction',
    details:
      'All later writes become one version with `commit`, or none with `abort`. The prompt shows ' +
      'a star. Reads see the writes of the transaction; `--at` does not.',
    examples: [
      {
        title: 'Two writes, one version:',
        transcript: `
zverse> begin
zverse*> put a 1
version 1, once committed
zverse*> put b 2
version 1, once committed
zverse*> commit
version 1`,
      },
    ],
    run(session) {
      session.mustBePresent('no transaction can begin there')
      session.mustBeAlone(
        'open transactions',
        '`batch put a 1; put b 2` makes one version of several writes',
      )
      session.mustHaveNoTransaction('another transaction')
      session.tx = session.db.beginWrite()
      return NOTHING
    },
  },
  {
    name: 'commit',
    group: 'Transactions',
    needs: 'prompt',
    arguments: [],
    options: [],
    summary: 'makes the writes of the transaction a version',
    details: 'Prints the version: the present one if the transaction changed nothing.',
    examples: [
      {
        title: 'One write:',
        transcript: `
zverse> begin
zverse*> put a 1
version 1, once committed
zverse*> commit
version 1`,
      },
    ],
    run(session) {
      const { tx } = session
      if (tx === null) throw noTransaction('commit')
      session.tx = null
      return versionResult(tx.commit())
    },
  },
  {
    name: 'abort',
    group: 'Transactions',
    needs: 'prompt',
    arguments: [],
    options: [],
    summary: 'undoes the writes of the transaction',
    details: 'No trace of it is left, and no version is made.',
    examples: [
      {
        title: 'As if nothing had happened:',
        transcript: `
zverse> begin
zverse*> put a 1
version 1, once committed
zverse*> abort
zverse> get a
(absent)`,
      },
    ],
    run(session) {
      const { tx } = session
      if (tx === null) throw noTransaction('abort')
      session.tx = null
      tx.abort()
      return NOTHING
    },
  },
  {
    name: 'watch',
    group: 'Transactions',
    needs: 'prompt',
    arguments: [{ name: 'off', kind: 'text', optional: true, choices: ['off'] }],
    options: BOUNDS,
    summary: 'prints what each commit changes',
    details:
      'After each later command it prints the changes committed in the range: `+ key value` for a write, ' +
      '`- key` for a deletion. `watch off` ends it.',
    examples: [
      {
        title: 'Keys that begin with a:',
        transcript: `
zverse> watch --prefix a
zverse> batch put a1 "one"; put b1 "two"
version 1
+ a1 "one"
zverse> delete a1
version 2
- a1
zverse> watch off`,
      },
    ],
    run(session, call) {
      const [word] = call.words
      if (word !== undefined && word.text !== 'off') {
        throw new Mistake(
          `watch takes no word but off, not ${word.text}`,
          '`watch`, with bounds, or `watch off`',
        )
      }
      const range = boundsOf(call, session.keys)
      // Mistakes in the bounds are reported now, not after the next commit.
      const { version } = session.db
      session.verbs.diff(version, version, range).return()
      session.watch?.held.close()
      session.watch = null
      if (word === undefined) {
        const { verbs, keys, values } = session
        session.watch = { verbs, range, keys, values, held: session.db.beginRead() }
      }
      return NOTHING
    },
  },
]

function noTransaction(what: string): Mistake {
  return new Mistake(`there is nothing to ${what}: no transaction is open`, '`begin` opens one')
}

/** The commits since the last call, for `watch`. */
export function watched(session: Session): Result {
  const { watch, db } = session
  if (watch === null || db.version === watch.held.version) return NOTHING
  const before = watch.held
  watch.held = db.beginRead()
  const lines: string[] = []
  const changes: object[] = []
  try {
    for (const { key, after } of watch.verbs.diff(before, watch.held, watch.range)) {
      const word = watch.keys.write(key)
      lines.push(after === undefined ? `- ${word}` : `+ ${word} ${watch.values.write(after)}`)
      changes.push(after === undefined ? { type: 'del', key } : { type: 'put', key, value: after })
    }
  } finally {
    before.close()
  }
  if (lines.length === 0) return NOTHING
  const { version, timestamp } = watch.held
  return { is: 'text', text: lines.join('\n'), value: { version, timestamp, changes }, isCut: true }
}
