/** `load` and `dump` by the real main module: rows of JSON lines and CSV, good and bad; files of any size. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { cellOf } from '../../lib/cli/files/columns.js'
import { progressLine } from '../../lib/cli/files/progress.js'
import { linesOf } from '../../lib/cli/lines.js'
import { folder } from './fixtures.js'
import { hasTerminal, shell, Terminal, zverse } from './zverse.js'

/** The entries of a file, loaded with options. */
function loaded(name: string, text: string | Uint8Array, ...options: string[]) {
  using place = folder()
  writeFileSync(join(place.path, name), text)
  const { out, err, code } = zverse(['load', name, '--to', 'to.jsonl', ...options], '', place.path)
  if (code !== 0) return { out, err, files: shell('ls -A', place.path).out.split('\n') }
  return { out, err, rows: zverse(['range', '--from', 'to.jsonl'], '', place.path).out }
}

const CSV = 'id,n,note\n007,1,plain\n8,1.50,"two\nlines, ""quoted"""\n9,-2e3,\n'

describe('rows', () => {
  it('of CSV: numbers where they read back the same', () => {
    expect(loaded('in.csv', CSV, '--key', 'id')).toEqual({
      ...{ out: '1\n', err: '' },
      rows:
        '007\t{"id":"007","n":1,"note":"plain"}\n' +
        '8\t{"id":8,"n":"1.50","note":"two\\nlines, \\"quoted\\""}\n' +
        '9\t{"id":9,"n":"-2e3","note":""}\n',
    })
    for (const [text, value] of [
      ['1', 1],
      ['-0.5', -0.5],
      ['1e3', '1e3'],
      ['01', '01'],
      ['-0', '-0'],
    ] as const) {
      expect(cellOf(text)).toBe(value)
    }
    for (const text of ['', '+1', '0x1', ' 1', '9007199254740993', '1e999', 'Infinity'])
      expect(cellOf(text)).toBe(text)
  })

  it('of CSV with a byte order mark and CRLF, gzipped, as text, without their key', () => {
    const text = `\ufeff${CSV.replaceAll('\n', '\r\n')}`
    const { rows } = loaded('in.csv.gz', gzipSync(text), '--key', 'id', '--text', '--drop-key')
    expect(rows).toBe(
      '007\t{"n":"1","note":"plain"}\n8\t{"n":"1.50","note":"two\\r\\nlines, \\"quoted\\""}\n9\t{"n":"-2e3","note":""}\n',
    )
  })

  it('of JSON lines: a key of several fields, one field as the value', () => {
    const text =
      '{"u":"ada","n":2,"v":{"$date":"2026-11-20T10:03:00.000Z"}}\n\n{"u":"ada","n":1,"v":null}\n'
    expect(loaded('in.jsonl', text, '--key', 'u,n', '--value', 'v', '--keys', 'tuple').rows).toBe(
      '["ada",1]\tnull\n["ada",2]\t{"$date":"2026-11-20T10:03:00.000Z"}\n',
    )
  })

  it('with points for keys, and text for values', () => {
    const text = 'x,y,when,name\n1,2,2026-11-20T10:03Z,007\n'
    const options = [
      '--keys',
      'zorder(float64,float64,date)',
      '--values',
      'string',
      '--key',
      'x,y,when',
      '--value',
      'name',
    ]
    expect(loaded('in', text, ...options).rows).toBe('[1,2,"2026-11-20T10:03:00.000Z"]\t"007"\n')
  })

  it('from standard input, into a store, beside what is there', () => {
    using place = folder()
    const { out } = shell(
      `echo '{"id":1}' | zverse load - --key id --to f.jsonl
      printf 'store u\\nload rows.csv --key a\\nkeys\\nstore\\nkeys\\n' > script
      printf 'a\\nx\\n' > rows.csv
      zverse --from f.jsonl < script`,
      place.path,
    )
    expect(out).toBe('1\n2\n3\nx\n1\n')
  })
})

describe('bad rows', () => {
  const bad = (name: string, text: string | Uint8Array, message: string, ...options: string[]) => {
    const { out, err, files } = loaded(name, text, '--key', 'id', ...options)
    expect({ out, err, files }).toEqual({ out: '', err: `zverse: ${message}\n`, files: [name, ''] })
  }
  const HINT = '\n  --skip-bad leaves bad rows out'
  const ENCODED = '\n  --encoding latin1 and --encoding utf16le read files that are no UTF-8'

  it('are told with line and column, and nothing is loaded', () => {
    bad(
      'in.jsonl',
      '{"id":1}\n{"id":}\n',
      `in.jsonl, line 2: bad JSON: unexpected "}" in column 7${HINT}`,
    )
    bad(
      'in.jsonl',
      '{"id":1}\n{"x":1,"y":2}\n',
      `in.jsonl, line 2: there is no field id: there are x, y${HINT}`,
    )
    bad('in.jsonl', '{"id":1}\n[1]\n', `in.jsonl, line 2: a row is an object, not [1]${HINT}`)
    bad('in.jsonl', '{"id":{}}\n', 'in.jsonl, line 1: {} is no text')
    bad(
      'in.jsonl',
      Buffer.from('{"id":"\xff"}', 'latin1'),
      `in.jsonl, line 1: invalid UTF-8 at byte 8${ENCODED}`,
    )
    bad('in.csv', 'id,n\n1,2\n3\n', `in.csv, line 3: fields: 1 instead of 2${HINT}`)
    // The first that is bad, though the parser is further on by then.
    bad('in.csv', 'id,n\n,1\n2\n', `in.csv, line 3: fields: 1 instead of 2${HINT}`)
    bad('in.csv', 'no,n\n1,2\n3\n', 'in.csv, line 1: there is no field id: there are no, n')
    bad(
      'in.csv',
      'id,n\n1,2\n3,4\n5,"6\n7,8\n',
      `in.csv, line 4: a quote is opened that is never closed${HINT}`,
    )
    bad('in.csv', 'id,id\n1,2\n', 'in.csv, line 1: two fields are called id')
    bad('in.csv', 'id,n\n1,"2\n', 'in.csv, line 2: a quote is opened that is never closed')
    bad(
      'in.csv',
      Buffer.from('id,n\n1,\xff\n', 'latin1'),
      `in.csv, line 2: invalid UTF-8 at byte 3${ENCODED}`,
    )
    bad(
      'in.jsonl',
      '{"id":1}',
      `in.jsonl, line 1: a row is no text\n  name the field that holds the value: --value FIELD`,
      '--values',
      'string',
    )
    bad('in.csv.gz', 'id\n1\n', 'in.csv.gz: this is no gzip file, or it is damaged (Z_DATA_ERROR)')
  })

  it('are left out and counted, when asked', () => {
    const rows = Array.from({ length: 15 }, (_, i) => (i % 5 === 0 ? `{"id":${i}}` : '{'))
    const {
      out,
      err,
      rows: kept,
    } = loaded('in.jsonl', rows.join('\n'), '--key', 'id', '--skip-bad')
    expect({ out, kept }).toEqual({ out: '1\n', kept: '0\t{"id":0}\n10\t{"id":10}\n5\t{"id":5}\n' })
    expect(err).toMatch(
      /^bad rows left out: 12\n {2}line 2: bad JSON: it ends too early in column 2\n/,
    )
    expect(err.split('\n')).toHaveLength(13)
    expect(err).toMatch(/\n {2}… and 2 more\n$/)
    const csv = loaded('in.csv', 'id,n\n1,2\n3\n4,"5\n', '--key', 'id', '--skip-bad')
    expect(csv.rows).toBe('1\t{"id":1,"n":2}\n')
    expect(csv.err).toMatch(/^bad rows left out: 2\n {2}line 3: fields: 1 instead/)
  })
})

describe('one-shot forms', () => {
  it('read and write named stores', () => {
    using place = folder()
    zverse(['--to', 'a.jsonl'], 'store u --keys tuple\nput [1,"x"] y\n', place.path)
    const run = (...args: string[]) => zverse(args, '', place.path)
    expect(run('get', '[1,"x"]', '--store', 'u', '--from', 'a.jsonl').out).toBe('"y"\n')
    run('put', '[2]', 'z', '--store', 'u', '--from', 'a.jsonl', '--to', 'b.jsonl')
    expect(run('keys', '--store=u', '--from', 'b.jsonl').out).toBe('[1,"x"]\n[2]\n')
    expect(run('keys', '--from', 'b.jsonl').out).toBe('')
    const { err, code } = run('keys', '--store', 'v', '--from', 'b.jsonl')
    expect({ err, code }).toEqual({ err: 'zverse: there is no store v\n  there are u\n', code: 1 })
  })

  it('do not write a file where a version was meant', () => {
    using place = folder()
    zverse(['--to', 'a.jsonl'], 'put a 1\n', place.path)
    const { err, code } = zverse(['history', 'a', '--from', 'a.jsonl', '--to', '5'], '', place.path)
    expect(code).toBe(1)
    expect(err).toMatch(/--until 5/)
    expect(readdirSync(place.path)).toEqual(['a.jsonl'])
  })

  it('unzip standard input', () => {
    using place = folder()
    zverse(['--to', 'a.jsonl'], 'put a 1\n', place.path)
    const zipped = gzipSync(readFileSync(join(place.path, 'a.jsonl')))
    expect(zverse(['get', 'a', '--from', '-'], zipped, place.path).out).toBe('1\n')
  })
})

describe('dumps', () => {
  it('with history come back to the byte', () => {
    using place = folder()
    const map = '{"$map":[[1,{"$bigint":"2"}]]}'
    const input = `put a 1\nput a ${map}\ntag t\ndelete a\nstore u --keys tuple\nput [1,"x"] y\n`
    zverse(['--to', 'a.jsonl'], input, place.path)
    zverse(['--from', 'a.jsonl', '--to', 'b.jsonl.gz'], '', place.path)
    zverse(['load', 'b.jsonl.gz', '--to', 'c.jsonl'], '', place.path)
    const read = (name: string) => readFileSync(join(place.path, name))
    expect(String(read('a.jsonl'))).toMatch(/"type":"tag"/)
    expect(String(gunzipSync(read('b.jsonl.gz')))).toBe(String(read('a.jsonl')))
    expect(String(read('c.jsonl'))).toBe(String(read('a.jsonl')))
  })

  it('that are damaged are refused with the line', () => {
    using place = folder()
    zverse(['--to', 'a.jsonl'], 'put a 1\nput b 2\n', place.path)
    const text = readFileSync(join(place.path, 'a.jsonl'), 'utf8')
    const refused = (damaged: string, message: RegExp) => {
      writeFileSync(join(place.path, 'b.jsonl'), damaged)
      const { out, err, code } = zverse(['keys', '--from', 'b.jsonl'], '', place.path)
      expect({ out, code }).toEqual({ out: '', code: 1 })
      expect(err).toMatch(message)
    }
    refused(
      text.replace('{"type":"end"}\n', ''),
      /^zverse: b\.jsonl, line 6: .*\(ZVERSE_FORMAT\)\n/,
    )
    refused(
      text.replace('"key":"b"', '"key":b'),
      /^zverse: b\.jsonl, line 6: bad JSON: unexpected "b"/,
    )
    refused(
      text.replace('"put"', '"pat"'),
      /^zverse: b\.jsonl, line 4: .*"pat".*\(ZVERSE_FORMAT\)\n/,
    )
    refused('', /is no dump of zverse/)
  })
})

describe('lines', () => {
  it('do not depend on how the bytes are cut', async () => {
    const text = Buffer.from('\ufeffé1\r\n\n古\u{1f600}\n\r\nlast\r', 'utf8')
    for (const size of [1, 2, 3, 5, 100]) {
      async function* chunks() {
        for (let at = 0; at < text.length; at += size) yield text.subarray(at, at + size)
      }
      const lines = []
      for await (const { number, text } of linesOf(chunks())) lines.push(`${number} ${text}`)
      expect(lines).toEqual(['1 é1', '2 ', '3 古\u{1f600}', '4 ', '5 last'])
    }
  })
})

describe('progress', () => {
  it('tells how far, how fast, how long yet', () => {
    expect(progressLine(25e6, 100e6, 250_000, 2000)).toBe(
      '[█████               ]  25 %  12.5 MB/s  125,000 rows/s  0:06 left',
    )
    expect(progressLine(1500, undefined, 10, 1000)).toBe('1.5 kB  10 rows  1.5 kB/s  10 rows/s')
    expect(progressLine(0, 0, 0, 0)).toMatch(/^\[█{20}\] 100 %/)
  })

  it.skipIf(!hasTerminal)('is shown on a terminal, and gone in the end', async () => {
    using place = folder()
    const file = join(place.path, 'in.jsonl')
    writeFileSync(file, Array.from({ length: 40_000 }, (_, i) => `{"id":${i}}\n`).join(''))
    await using terminal = new Terminal(80, {}, `load ${file} --key id --to ${file}.dump`)
    expect(await terminal.ended).toBe(0)
    expect(terminal.text).toMatch(/\r\[█.*\] +\d+ % .* rows\/s .* left/)
    expect(terminal.text).toMatch(/ left.*40,000 rows, version 1/s)
    expect(zverse(['load', file, '--key', 'id', '--to', `${file}.dump`])).toMatchObject({
      out: '1\n',
      err: '',
    })
  })
})
