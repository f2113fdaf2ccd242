/** The command `bench`; ../bench/ has the workloads and the measuring. */
import type { Call, Command } from '../command.js'
import { numberIn } from '../numbers.js'
import { hasColours } from '../output.js'
import { isDirectory } from '../place.js'
import type { Result } from '../result.js'
import { Interrupted, type Session } from '../session.js'
import { asWord, Mistake } from '../words.js'

export const BENCH: Command = {
  name: 'bench',
  group: 'Care',
  needs: 'nothing',
  arguments: [{ name: 'DIR|WORKLOAD', kind: 'text', optional: true }],
  rest: true,
  options: [
    { name: 'entries', value: 'N', summary: 'keys in the database; default 100000' },
    { name: 'value-bytes', value: 'N', summary: 'bytes of a value; default 30' },
    { name: 'seconds', value: 'N', summary: 'how long each workload is measured; default 0.5' },
    { name: 'seed', value: 'N', summary: 'the seed of the keys and values drawn' },
  ],
  summary: 'measures zverse on this machine',
  details:
    'Runs all workloads, or those named, by name or group, on a database of its own; `bench list` lists them. ' +
    'Prints operations a second, and the time that half, and 99 in 100, of the calls did not exceed. With a directory ' +
    'as the first word it runs them on a database in memory, on one in a new directory inside that one, which it removes ' +
    'at the end, and on a plain Map those that a Map can do; it prints operations a second side by side, and the bytes ' +
    'that an entry takes. A word with a slash is a directory, and one that is there and has no name of a workload.',
  examples: [
    {
      title: 'All workloads:',
      transcript: `
zverse> bench list
read
  get           get of a key that is there
  get-missing   get of a key that is not
  get-old       get at a version 500 commits back
  get-pinned    get in a snapshot pinned 500 commits ago
write
  put           put, a commit of its own
  batch-10      commits of 10 puts: puts/s, time a commit
  batch-100     commits of 100 puts: puts/s, time a commit
  batch-1000    commits of 1000 puts: puts/s, time a commit
  batch-10000   commits of 10000 puts: puts/s, time a commit
scan
  scan          all entries in order: entries/s, time an entry
  scan-reverse  all entries, backwards
  scan-keys     all keys
  range-100     100 entries from a random key: entries/s, time a range
past
  history       all 100 entries of a key's history
  diff          what 100 puts changed between two versions
  versions      the list of 1000 versions
mix
  mix-80-20     80 % gets, 20 % puts
  mix-50-50     50 % gets, 50 % puts
  mix-20-80     20 % gets, 80 % puts
readers
  readers-1     get, on 1 thread
  readers-2     get, on 2 threads
  readers-4     get, on 4 threads
  readers-8     get, on 8 threads
  readers-16    get, on 16 threads
  beside-1      get, on 1 thread, while one more commits single puts
  beside-4      get, on 4 threads, while one more commits single puts
writers
  writers-1     put, a commit of its own, on 1 thread
  writers-2     put, a commit of its own, on 2 threads
  writers-4     put, a commit of its own, on 4 threads
  writers-8     put, a commit of its own, on 8 threads
  submit-1      100 submits at a time, on 1 thread: puts/s, time of the 100
  submit-2      100 submits at a time, on 2 threads: puts/s, time of the 100
  submit-4      100 submits at a time, on 4 threads: puts/s, time of the 100
  submit-8      100 submits at a time, on 8 threads: puts/s, time of the 100`,
    },
  ],
  run,
}

async function run(session: Session, call: Call): Promise<Result> {
  const { bench, renderTable, workloads } = await import('../bench/bench.js')
  const words = call.words.map(({ text }) => text)
  const known = workloads().flatMap(({ name, group }) => [name, group])
  const directory = directoryIn(words[0], known)
  const only = directory === undefined ? words : words.slice(1)
  if (only.length === 1 && only[0] === 'list') {
    const all = workloads()
    const width = Math.max(...all.map(({ name }) => name.length))
    const groups = [...new Set(all.map(({ group }) => group))]
    const lines = groups.flatMap(of => [
      of,
      ...all
        .filter(({ group }) => group === of)
        .map(w => `  ${w.name.padEnd(width)}  ${w.summary}`),
    ])
    return { is: 'text', text: lines.join('\n'), value: all }
  }
  const { stderr } = process
  const stop = new AbortController()
  const options = {
    ...{ only, signal: stop.signal },
    ...{ keys: call.integer('entries'), valueBytes: call.integer('value-bytes') },
    ...{ seconds: secondsIn(call), seed: call.integer('seed') },
  }
  const progress = (line: string | null) => {
    if (session.interrupted) stop.abort()
    if (stderr.isTTY) stderr.write(`\r${line ?? ''}\x1b[K`)
  }
  const screen = {
    ...{ width: (stderr.columns || 80) - 1, colours: hasColours(stderr, process.env) },
    ...{ progress, row: () => {} },
  }
  try {
    if (directory === undefined) {
      const rows = await bench(options, screen)
      const draw = (width: number, colours: boolean) => renderTable(rows, width, colours)
      return { is: 'drawn', draw, rows: rows.map(row => ({ cells: cellsOf(row), item: row })) }
    }
    const { benchMatrix, renderMatrix } = await import('../bench/matrix.js')
    const rows = await benchMatrix({ ...options, directory }, screen)
    const draw = (width: number, colours: boolean) => renderMatrix(rows, width, colours)
    return { is: 'drawn', draw, rows: rows.map(row => ({ cells: matrixCells(row), item: row })) }
  } catch (error) {
    if (stop.signal.aborted) throw new Interrupted('stopped')
    throw error
  }
}

/**
 * The first word, if it is a directory.
 * @param known names of workloads and groups
 */
function directoryIn(word: string | undefined, known: readonly string[]): string | undefined {
  if (word === undefined || known.includes(word) || word === 'list') return undefined
  if (isDirectory(word)) return word
  if (!/[/\\]/.test(word)) return undefined
  throw new Mistake(`there is no directory ${asWord(word)}`, `mkdir ${asWord(word)} makes it`)
}

type BenchRow = import('../bench/bench.js').BenchRow
type MatrixRow = import('../bench/systems.js').MatrixRow

const cellsOf = ({ name, group, opsPerSecond, p50, p99, threads }: BenchRow) => {
  return [
    group,
    name,
    String(Math.round(opsPerSecond)),
    p50.toFixed(2),
    p99.toFixed(2),
    String(threads),
  ]
}

/** The same, and the system; bytes stand in place of the rate. */
const matrixCells = (row: MatrixRow) =>
  'bytes' in row
    ? [row.group, row.name, row.bytes.toFixed(1), '', '', '', row.system]
    : [...cellsOf(row), row.system]

function secondsIn(call: Call): number | undefined {
  const word = call.option('seconds')
  return word === undefined ? undefined : numberIn(word.text, '--seconds')
}
