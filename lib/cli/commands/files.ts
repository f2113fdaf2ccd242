/** Commands that read and write files. */
import { counted } from '../bar.js'
import type { Call, Command } from '../command.js'
import type { Bad, FoundEntry, OnBad } from '../files/rows.js'
import { type Result, versionResult } from '../result.js'
import type { Session } from '../session.js'
import { Mistake, printable } from '../words.js'
import { AT } from './ranges.js'

export const FILES: readonly Command[] = [
  {
    name: 'load',
    group: 'Files',
    needs: 'to',
    arguments: [{ name: 'FILE', kind: 'file' }],
    options: [
      {
        ...{ name: 'key', value: 'FIELD' },
        summary: 'the field that is the key; several (a,b) make a tuple or a point',
      },
      {
        name: 'value',
        value: 'FIELD',
        summary: 'the field that is the value, instead of the whole row',
      },
      { name: 'drop-key', summary: "leave the key's fields out of the value" },
      {
        ...{ name: 'format', value: 'FORMAT', choices: ['jsonl', 'csv'] },
        summary: 'jsonl or csv, if the name and the first line do not show it',
      },
      {
        name: 'delimiter',
        value: 'CHAR',
        summary: 'csv: what is between fields: a character, or comma, semicolon, tab, pipe, space',
      },
      {
        ...{ name: 'encoding', value: 'NAME', choices: ['utf8', 'latin1', 'utf16le', 'utf16be'] },
        summary: 'utf8 (default), latin1, utf16le or utf16be; a byte order mark decides',
      },
      { name: 'text', summary: 'csv: all fields are text, numbers too' },
      { name: 'skip-bad', summary: 'leave bad rows out, and say how many' },
    ],
    summary: 'loads a dump, or rows of JSON lines or CSV',
    details:
      'FILE is a dump; or JSON lines, an object each; or CSV with a line of names. - is standard ' +
      'input, .gz is unzipped, lines end with LF, CRLF or CR. All rows make one version. If one is bad nothing is ' +
      'loaded; --skip-bad leaves it out, and reports its line. A quote that never closes costs its ' +
      'row: reading goes on with the next line, after 16 MiB at the latest. A line of names that is bad, or lacks a FIELD, is always ' +
      'refused. In CSV a field is a number if it reads back the same: 007 stays text. A coordinate of a ' +
      'point is a decimal number in any spelling: 8.50, +.5, 1e1, 007, with blanks around it. Columns ' +
      'without a name cannot be selected; their cells are in the value under the empty name, as an array ' +
      'if there are several.',
    examples: [
      {
        title: 'From the shell, a CSV file into a dump:',
        transcript: `
$ cat cities.csv
name,lon,lat,zip
Bern,7.45,46.95,3000
Zürich,8.54,47.37,8000
$ zverse load cities.csv --key name --drop-key --to cities.jsonl
1
$ zverse range --from cities.jsonl
Bern	{"lon":7.45,"lat":46.95,"zip":3000}
Zürich	{"lon":8.54,"lat":47.37,"zip":8000}`,
      },
      {
        title: 'With semicolons between the fields, and a bad row:',
        transcript: `
$ cat quakes.csv
id;lat;mag
a;38.50;2.1
b;"60.1;1.4
c;-0.25;4.5
$ zverse load quakes.csv --delimiter ';' --key id --skip-bad --to quakes.jsonl
1
bad rows left out: 1
  line 3: a quote is opened that is never closed
$ zverse range --from quakes.jsonl
a	{"id":"a","lat":"38.50","mag":2.1}
c	{"id":"c","lat":-0.25,"mag":4.5}`,
      },
    ],
    run: load,
  },
  {
    name: 'dump',
    group: 'Files',
    needs: 'from',
    arguments: [{ name: 'FILE', kind: 'file', optional: true }],
    options: [
      { name: 'history', summary: 'with all kept versions, their times, tags and stores' },
      AT,
    ],
    summary: 'writes everything as JSON lines',
    details:
      'Into FILE, gzipped if its name ends in .gz, or to the output. `load` and --from read it back. docs/dump.md ' +
      'has the format.',
    examples: [
      {
        title: 'The present, on the output:',
        transcript: [
          'zverse> put price 10',
          'version 1',
          'zverse> dump',
          '{"type":"zverse","format":1,"history":false,"keys":"string","values":"msgpack","version":1,"timestamp":1795170985250}',
          '{"type":"put","key":"price","value":10}',
          '{"type":"end"}',
        ].join('\n'),
      },
    ],
    run: dump,
  },
]

async function dump(session: Session, call: Call): Promise<Result> {
  const history = call.has('history')
  const at = call.option('at')
  if (history && at !== undefined) {
    throw new Mistake('--history and --at exclude each other', 'one version has no history')
  }
  const { dumpLines, saveLines } = await import('../files/save.js')
  const lines = dumpLines(session, history ? { history } : session.view(at))
  const [file] = call.words
  if (file === undefined || file.text === '-') return { is: 'lines', lines }
  const records = await saveLines(session, file.text, lines)
  return { is: 'value', value: records, text: String(records), says: counted(records, 'record') }
}

/** How many bad rows are reported with their reasons. */
const TOLD = 10

async function load(session: Session, call: Call): Promise<Result> {
  session.mustBePresent('nothing can be loaded there')
  session.mustHaveNoTransaction('loading')
  const path = call.word(0).text
  if (path === '-' && session.inputIsCommands) {
    throw new Mistake(
      'standard input has the commands',
      'from the shell: zverse load - --key FIELD --to FILE',
    )
  }
  const [source, restoring, { encodingNamed }] = await Promise.all([
    import('../files/source.js'),
    import('../files/restore.js'),
    import('../files/encoding.js'),
  ])
  const encoding = encodingNamed(call.option('encoding')?.text ?? 'utf8')
  const opened = source.openSource(path)
  const peeked = await source.peek(opened, encoding)
  const header = call.has('key') ? undefined : await restoring.headerOf(peeked)
  if (header === undefined) return loadRows(session, call, opened, peeked)
  if (session.isNew) {
    const asked = { keys: session.made.keys.name, values: session.made.values.name }
    for (const [name, usual] of [
      ['keys', 'string'],
      ['values', 'msgpack'],
    ] as const) {
      // The default codec was not asked for, as far as we can tell: it gives way.
      if (asked[name] === usual || asked[name] === header[name]) continue
      await peeked.close()
      throw new Mistake(
        `${path} has ${name} of codec ${header[name]}, not ${asked[name]}`,
        `leave out --${name}, or say \`${name}-as ${header[name]}\` first`,
      )
    }
    const { keyForm, valueForm } = await import('../literals.js')
    session.setCodecs({ keys: keyForm(header.keys), values: valueForm(header.values) })
  }
  const { version, records } = await restoring.restore(session, opened, peeked)
  return versionResult(version, `${counted(records, 'record')}, version ${version}`)
}

async function loadRows(
  session: Session,
  call: Call,
  source: import('../files/source.js').Source,
  peeked: import('../files/source.js').Peeked,
): Promise<Result> {
  const [{ badOf }, { Progress }] = await Promise.all([
    import('../files/rows.js'),
    import('../files/progress.js'),
  ])
  const rows = new Rows(source.name, call.has('skip-bad'), badOf)
  const progress = new Progress(process.stderr, source.total)
  const begun = () => {
    const tx = session.db.beginWrite()
    return { tx, writes: session.entered === null ? tx : tx.store(session.entered.verbs) }
  }
  const tick = (loaded: number) => {
    progress.tick(source.read(), loaded)
    session.goesOn()
  }
  const streamed = async () => {
    const { tx, writes } = begun()
    try {
      for await (const entry of await entriesIn(session, call, peeked, bad => rows.leave(bad))) {
        rows.put(writes, entry)
        tick(rows.loaded)
      }
      return tx.commit()
    } finally {
      tx.abort()
    }
  }
  // The verb that goes into a log may run again, and cannot wait: what is read is kept for it, bad rows in their place.
  const collected = async () => {
    const found: (FoundEntry | Bad)[] = []
    for await (const entry of await entriesIn(session, call, peeked, bad => found.push(bad))) {
      tick(found.push(entry))
    }
    return session.change(() => {
      const { tx, writes } = begun()
      try {
        rows.begin()
        for (const one of found) 'reason' in one ? rows.leave(one) : rows.put(writes, one)
        return tx.commit()
      } finally {
        tx.abort()
      }
    })
  }
  try {
    const version = await (session.replica === undefined ? streamed() : collected())
    progress.end()
    rows.tell()
    return versionResult(version, `${counted(rows.loaded, 'row')}, version ${version}`)
  } finally {
    progress.end()
    await peeked.close()
  }
}

/** The rows of a file, loaded or left out. */
class Rows {
  loaded = 0
  #skipped = 0
  #reasons: string[] = []
  readonly #name: string
  readonly #skips: boolean
  readonly #badOf: (error: unknown, line: number) => Bad

  /** @param skips whether bad rows are left out */
  constructor(name: string, skips: boolean, badOf: (error: unknown, line: number) => Bad) {
    this.#name = name
    this.#skips = skips
    this.#badOf = badOf
  }

  /** Begins anew. */
  begin(): void {
    this.loaded = 0
    this.#skipped = 0
    this.#reasons = []
  }

  put(writes: { put(key: unknown, value: unknown): unknown }, { line, key, value }: FoundEntry) {
    try {
      writes.put(key, value)
      this.loaded++
    } catch (error) {
      this.leave(this.#badOf(error, line))
    }
  }

  /** @throws Mistake if bad rows are not left out */
  leave({ line, reason, hint }: Bad): void {
    if (!this.#skips) {
      // If no row was good, the mistake is not in the rows.
      const skip = this.loaded > 0 ? '--skip-bad leaves bad rows out' : undefined
      const hints = [hint, skip].filter(text => text !== undefined)
      const shown = hints.length === 0 ? undefined : hints.join('\n')
      throw new Mistake(`${this.#name}, line ${line}: ${reason}`, shown)
    }
    this.#skipped++
    if (this.#reasons.length < TOLD) this.#reasons.push(printable(`line ${line}: ${reason}`))
  }

  /** Tells of those that were left out. */
  tell(): void {
    if (this.#skipped === 0) return
    const untold = this.#skipped - this.#reasons.length
    const more = untold > 0 ? [`… and ${untold} more`] : []
    const lines = [`bad rows left out: ${this.#skipped}`, ...this.#reasons, ...more]
    process.stderr.write(`${lines.join('\n  ')}\n`)
  }
}

/** The entries of a file, read by its format. @throws Mistake for options that do not fit the format */
async function entriesIn(
  session: Session,
  call: Call,
  peeked: import('../files/source.js').Peeked,
  onBad: OnBad,
): Promise<AsyncGenerator<FoundEntry>> {
  const [{ csvEntries, jsonEntries }, { delimiterNamed, delimiterOf }] = await Promise.all([
    import('../files/rows.js'),
    import('../files/delimiter.js'),
  ])
  const key = call.option('key')?.text.split(',')
  if (key === undefined) {
    throw new Mistake('load needs --key FIELD', 'only dumps are loaded without it')
  }
  const { keys, values } = session
  if (key.length > 1 && (keys.name === 'string' || keys.name === 'binary')) {
    throw new Mistake(`keys of codec ${keys.name} take one field`, 'several make a --keys tuple')
  }
  const mapping = {
    ...{ key, value: call.option('value')?.text, dropKey: call.has('drop-key') },
    ...{ text: call.has('text'), keys, values },
  }
  const given = call.option('delimiter')?.text
  const delimiter = given === undefined ? undefined : delimiterNamed(given)
  if (formatOf(call, peeked) === 'csv') {
    return csvEntries(peeked, delimiter ?? delimiterOf(peeked.name), mapping, onBad)
  }
  if (given === undefined) return jsonEntries(peeked, mapping, onBad)
  throw new Mistake(
    '--delimiter is for CSV, and these are JSON lines',
    '--format csv reads them as CSV',
  )
}

function formatOf(
  call: Call,
  { name, first }: import('../files/source.js').Peeked,
): 'jsonl' | 'csv' {
  const given = call.option('format')?.text
  if (given === 'jsonl' || given === 'csv') return given
  if (given !== undefined) throw new Mistake(`--format is jsonl or csv, not ${given}`)
  if (/\.(csv|tsv|tab)(\.gz)?$/i.test(name)) return 'csv'
  if (/\.(jsonl|ndjson|json)(\.gz)?$/i.test(name)) return 'jsonl'
  return /^\s*[{[]/.test(first?.text ?? '') ? 'jsonl' : 'csv'
}
