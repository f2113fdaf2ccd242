/**
 * The work of the workloads. A task prepares, which is not measured, and returns its work.
 *
 * Each task has a loop of its own around its calls, so that the optimiser sees only one kind of call in it.
 * Results are used: see `taste`.
 */

import { missingKey } from './data.js'
import type { Work } from './measure.js'
import { age, type Stage, taste } from './stage.js'

export type Task = (stage: Stage) => Promise<Work>

/** Commits between the old version read and the present. */
export const BACK = 500
/** How many versions there are while the past is read; as many as are kept by default. */
export const PAST = 1000
/** How many keys the commits of `history` write, in turn. */
export const HISTORIES = 10
/** Puts between the two versions compared. */
export const CHANGES = 100
export const RANGE = 100
/** Puts of a commit, and how many of a hundred calls read, in the workloads that have several. */
export const BATCHES = [10, 100, 1000, 10_000]
export const READS = [80, 50, 20]
/** Puts that a thread has in the write queue at a time. */
export const SUBMITS = 100

// ── Reading ───────────────────────────────────────────────────────────────────────────────────────

export const get: Task = async stage => {
  const { db } = stage
  const keys = await stage.keys()
  return {
    run(calls) {
      let sum = 0
      for (let i = 0; i < calls; i++) sum += taste(db.get(keys.next()))
      stage.use(sum)
      return calls
    },
  }
}

export const getMissing: Task = async stage => {
  const { db } = stage
  const keys = await stage.keys(missingKey)
  return {
    run(calls) {
      for (let i = 0; i < calls; i++) {
        if (db.get(keys.next()) !== undefined) throw new Error('found a key that was never written')
      }
      return calls
    },
  }
}

export const getOld: Task = async stage => {
  const { db } = stage
  const view = { at: db.version }
  await age(stage, BACK)
  const keys = await stage.keys()
  return {
    run(calls) {
      let sum = 0
      for (let i = 0; i < calls; i++) sum += taste(db.get(keys.next(), view))
      stage.use(sum)
      return calls
    },
  }
}

export const getPinned: Task = async stage => {
  const snapshot = stage.db.beginRead()
  await age(stage, BACK)
  const keys = await stage.keys()
  return {
    run(calls) {
      let sum = 0
      for (let i = 0; i < calls; i++) sum += taste(snapshot.get(keys.next()))
      stage.use(sum)
      return calls
    },
    end: () => snapshot.close(),
  }
}

// ── Writing ───────────────────────────────────────────────────────────────────────────────────────

/** Commits of one put each, on keys that no other thread writes. */
export const put: Task = async stage => {
  const { db } = stage
  const keys = await stage.ownKeys()
  const values = stage.values()
  return {
    run(calls) {
      for (let i = 0; i < calls; i++) stage.use(db.put(keys.next(), values.next()))
      return calls
    },
  }
}

/** As {@link put}, through the write queue: so many at a time, and then their outcomes. */
export const submit: Task = async stage => {
  const { db } = stage
  const keys = await stage.ownKeys()
  const values = stage.values()
  return {
    isAsync: true,
    async run(calls) {
      const outcomes: Promise<number>[] = []
      for (let i = 0; i < calls; i++) {
        outcomes.length = 0
        for (let n = 0; n < SUBMITS; n++) {
          outcomes.push(db.submit({ type: 'put', key: keys.next(), value: values.next() }))
        }
        for (const outcome of outcomes) stage.use(await outcome)
      }
      return calls * SUBMITS
    },
  }
}

/** Commits of `size` puts. */
export function batch(size: number): Task {
  return async stage => {
    const { db } = stage
    const keys = await stage.keys()
    const values = stage.values()
    return {
      run(calls) {
        for (let i = 0; i < calls; i++) {
          db.transact(tx => {
            for (let n = 0; n < size; n++) tx.put(keys.next(), values.next())
          })
        }
        return calls * size
      },
    }
  }
}

// ── Scanning ──────────────────────────────────────────────────────────────────────────────────────

/**
 * All entries, again and again. A call is one `next()`: a scan has its first entry at once, and a scan
 * of a large set can be cut into slices.
 */
export function scan(options: { reverse: boolean }): Task {
  return async stage => {
    const { db } = stage
    let entries = db.range(options)
    return {
      run(calls) {
        let sum = 0
        for (let i = 0; i < calls; i++) {
          let entry = entries.next()
          if (entry.done === true) entry = (entries = db.range(options)).next()
          const [key, value] = entry.value as [string, string]
          sum += taste(key) + taste(value)
        }
        stage.use(sum)
        return calls
      },
      end: () => void entries.return?.(),
    }
  }
}

export const scanKeys: Task = async stage => {
  const { db } = stage
  let keys = db.keys()
  return {
    run(calls) {
      let sum = 0
      for (let i = 0; i < calls; i++) {
        let key = keys.next()
        if (key.done === true) key = (keys = db.keys()).next()
        sum += taste(key.value as string)
      }
      stage.use(sum)
      return calls
    },
    end: () => void keys.return?.(),
  }
}

export const range: Task = async stage => {
  const { db } = stage
  const keys = await stage.keys()
  return {
    run(calls) {
      let entries = 0
      let sum = 0
      for (let i = 0; i < calls; i++) {
        for (const [key, value] of db.range({ gte: keys.next(), limit: RANGE })) {
          sum += taste(key) + taste(value)
          entries++
        }
      }
      stage.use(sum)
      return entries
    },
  }
}

// ── The past ──────────────────────────────────────────────────────────────────────────────────────

/** A key with `PAST / HISTORIES` entries, among as many commits as are kept. */
export const history: Task = async stage => {
  const { db } = stage
  const keys = await stage.keys()
  const written = Array.from({ length: HISTORIES }, () => keys.next())
  const values = stage.values()
  for (let i = 0; i < PAST; i++) {
    db.put(written[i % HISTORIES], values.next())
    if (i % 100 === 99) await stage.pause()
  }
  let at = 0
  return {
    run(calls) {
      let sum = 0
      for (let i = 0; i < calls; i++) {
        for (const record of db.history(written[at++ % HISTORIES])) sum += taste(record.value)
      }
      stage.use(sum)
      return calls
    },
  }
}

/** Two versions next to each other, each time another pair. */
export const diff: Task = async stage => {
  const { db } = stage
  const keys = await stage.keys()
  const values = stage.values()
  const first = db.version
  for (let pair = 0; pair < PAST / 10; pair++) {
    db.transact(tx => {
      for (let i = 0; i < CHANGES; i++) tx.put(keys.next(), values.next())
    })
    await stage.pause()
  }
  const pairs = db.version - first
  let at = 0
  return {
    run(calls) {
      let sum = 0
      for (let i = 0; i < calls; i++) {
        const from = first + (at++ % pairs)
        for (const { key, before, after } of db.diff(from, from + 1)) {
          sum += taste(key) + taste(before) + taste(after)
        }
      }
      stage.use(sum)
      return calls
    },
  }
}

export const versions: Task = async stage => {
  const { db } = stage
  await age(stage, PAST)
  return {
    run(calls) {
      for (let i = 0; i < calls; i++) stage.use(db.versions().length)
      return calls
    },
  }
}

// ── Both ──────────────────────────────────────────────────────────────────────────────────────────

/** Gets and single puts in random turns; `reads` in a hundred are gets. */
export function mix(reads: number): Task {
  return async stage => {
    const { db, random } = stage
    const keys = await stage.keys()
    const values = stage.values()
    return {
      run(calls) {
        let sum = 0
        for (let i = 0; i < calls; i++) {
          if (random(100) < reads) sum += taste(db.get(keys.next()))
          else sum += db.put(keys.next(), values.next())
        }
        stage.use(sum)
        return calls
      },
    }
  }
}
