/**
 * The workloads, in the order in which they are measured. Those on threads come last: once a database
 * has been shared, its reads announce themselves, which costs them a little ever after.
 */
import * as tasks from './tasks.js'
import {
  BACK,
  BATCHES,
  CHANGES,
  HISTORIES,
  PAST,
  RANGE,
  READS,
  SUBMITS,
  type Task,
} from './tasks.js'

export interface Workload {
  readonly name: string
  /** The group: its workloads are alike enough to be compared. */
  readonly group: string
  /** The work; if a call is several operations, also what is counted and what is timed. */
  readonly summary: string
  readonly task: Task
  /** How many worker threads do it at the same time; without it the calling thread does. */
  readonly threads?: number
  /** The work of one more worker thread meanwhile, which is not measured. */
  readonly beside?: Task
}

const READERS = [1, 2, 4, 8, 16]
const BESIDE = [1, 4]
const WRITERS = [1, 2, 4, 8]

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? '' : 's'}`

export const WORKLOADS: readonly Workload[] = [
  ...group('read', [
    ['get', 'get of a key that is there', tasks.get],
    ['get-missing', 'get of a key that is not', tasks.getMissing],
    ['get-old', `get at a version ${BACK} commits back`, tasks.getOld],
    ['get-pinned', `get in a snapshot pinned ${BACK} commits ago`, tasks.getPinned],
  ]),
  ...group('write', [
    ['put', 'put, a commit of its own', tasks.put],
    ...BATCHES.map((size): Row => {
      return [`batch-${size}`, `commits of ${size} puts: puts/s, time a commit`, tasks.batch(size)]
    }),
  ]),
  ...group('scan', [
    ['scan', 'all entries in order: entries/s, time an entry', tasks.scan({ reverse: false })],
    ['scan-reverse', 'all entries, backwards', tasks.scan({ reverse: true })],
    ['scan-keys', 'all keys', tasks.scanKeys],
    ['range-100', `${RANGE} entries from a random key: entries/s, time a range`, tasks.range],
  ]),
  ...group('past', [
    ['history', `all ${PAST / HISTORIES} entries of a key's history`, tasks.history],
    ['diff', `what ${CHANGES} puts changed between two versions`, tasks.diff],
    ['versions', `the list of ${PAST} versions`, tasks.versions],
  ]),
  ...group(
    'mix',
    READS.map(reads => {
      const [name, what] = [`mix-${reads}-${100 - reads}`, `${reads} % gets, ${100 - reads} % puts`]
      return [name, what, tasks.mix(reads)]
    }),
  ),
  ...READERS.map(threads => {
    const summary = `get, on ${count(threads, 'thread')}`
    return { name: `readers-${threads}`, group: 'readers', summary, task: tasks.get, threads }
  }),
  ...BESIDE.map(threads => {
    const summary = `get, on ${count(threads, 'thread')}, while one more commits single puts`
    const name = `beside-${threads}`
    return { name, group: 'readers', summary, task: tasks.get, threads, beside: tasks.put }
  }),
  ...WRITERS.map(threads => {
    const summary = `put, a commit of its own, on ${count(threads, 'thread')}`
    return { name: `writers-${threads}`, group: 'writers', summary, task: tasks.put, threads }
  }),
  ...WRITERS.map(threads => {
    const on = count(threads, 'thread')
    const summary = `${SUBMITS} submits at a time, on ${on}: puts/s, time of the ${SUBMITS}`
    return { name: `submit-${threads}`, group: 'writers', summary, task: tasks.submit, threads }
  }),
]

type Row = [name: string, summary: string, task: Task]

function group(group: string, rows: Row[]): Workload[] {
  return rows.map(([name, summary, task]) => ({ name, group, summary, task }))
}

/** All workloads, for help. */
export function workloads(): { name: string; group: string; summary: string }[] {
  return WORKLOADS.map(({ name, group, summary }) => ({ name, group, summary }))
}
