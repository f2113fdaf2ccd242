/** Files as they really are: how they spell numbers, end lines, write characters, and are wrong. */
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { load } from './loading.js'

const utf16le = (text: string) => Buffer.from(text, 'utf16le')
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()

describe('points', () => {
  const POINT = { keys: 'zorder(float64)' }

  it('are made of numbers however they are spelled; the value keeps its text', async () => {
    const spellings = [
      ...[
        ['8.50', 8.5],
        ['0.0', 0],
        ['+8.5', 8.5],
        ['.5', 0.5],
        ['-.5', -0.5],
        ['5.', 5],
      ],
      ...[
        ['1e1', 10],
        ['1E+1', 10],
        ['25e-1', 2.5],
        ['007', 7],
        ['-0', 0],
        ['-007.250', -7.25],
      ],
      ...[
        [' 8.5', 8.5],
        ['8.5\t', 8.5],
        ['1e-400', 0],
        ['9007199254740992', 2 ** 53],
      ],
      ...[
        ['1e23', 1e23],
        ['0.1000000000000000055511151231257827', 0.1],
        ['12', 12],
      ],
    ] as const
    for (const [text, number] of spellings) {
      for (const option of ['', '--text']) {
        const { rows, error } = await load(`x,n\n${text},a\n`, `--key x --value x ${option}`, POINT)
        expect(error).toBe(undefined)
        const isKept = option === '' && String(Number(text)) === text
        expect(rows).toEqual([`[${number}] ${isKept ? text : JSON.stringify(text)}`])
      }
    }
  })

  it('are made of nothing else', async () => {
    const others = [
      ...['', ' ', 'x', '.', '+', '-', 'e1', '1e', '1e1.5', '.e1', '1 2', '--1', '+-1', '1+', '1-'],
      ...[
        '0x10',
        '0b1',
        '0o7',
        '1n',
        '1_000',
        '1,5',
        '1.2.3',
        'NaN',
        'Infinity',
        '-Infinity',
        'inf',
      ],
      ...[
        '1e999',
        '-1e999',
        '9007199254740993',
        '9007199254740993.0',
        '٣',
        '−1',
        '1\u00a0',
        'true',
        '[1]',
      ],
    ]
    const text = others.map(other => `"${other}",a\n`).join('')
    const { rows, said } = await load(`x,n\n1,a\n${text}2,b\n`, '--key x --skip-bad', POINT)
    expect(rows).toEqual(['[1] {"x":1,"n":"a"}', '[2] {"x":2,"n":"b"}'])
    expect(said).toMatch(
      new RegExp(`^bad rows left out: ${others.length}\n  line 3: x: "" is no number\n`),
    )
    const { error } = await load('x,n\n"1,5",a\n', '--key x', POINT)
    expect(error).toBe('in.csv, line 2: x: 1,5 is no number\nnumbers have a point, not a comma')
  })

  it('of integers are exact', async () => {
    const INT = { keys: 'zorder(int8,uint32)' }
    const good = '8.0,1e1\n-1e2,00042\n+12.5e1,4294967295\n-0.0,0e99999\n'
    expect((await load(`a,b\n${good}`, '--key a,b --value a --text', INT)).rows.sort()).toEqual([
      ...['[-100,42] "-1e2"', '[0,0] "-0.0"', '[125,4294967295] "+12.5e1"', '[8,10] "8.0"'],
    ])
    for (const [a, message] of [
      ['8.5', 'a: 8.5 is no integer, but int8 takes only those'],
      ['1e-1', 'a: 1e-1 is no integer, but int8 takes only those'],
      [
        '1.0000000000000000000001',
        'a: 1.0000000000000000000001 is no integer, but int8 takes only those',
      ],
      ['128', 'dimension 0 (int8) must be an integer from -128 to 127, not 128'],
      ['1e999', 'a: 1e999 is beyond all numbers'],
    ]) {
      const { error } = await load(`a,b\n${a},1\n`, '--key a,b', INT)
      expect(error).toBe(`in.csv, line 2: ${message}`)
    }
  })

  it('beside dates, which stay text', async () => {
    const text = 'when,lat,mag\n2026-11-20T10:03Z,08.50,1\n'
    const { rows } = await load(text, '--key lat,when --value mag', {
      keys: 'zorder(float(-128,128,32),date)',
    })
    expect(rows).toEqual(['[8.5,"2026-11-20T10:03:00.000Z"] 1'])
  })

  it('take as many fields as they have dimensions', async () => {
    for (const option of ['', '--skip-bad']) {
      const { error } = await load('x,y\n1,2\n', `--key x ${option}`, { keys: 'zorder(int8,int8)' })
      expect(error).toBe('in.csv, line 1: keys of codec zorder(int8,int8) take 2 fields, not 1')
      expect((await load('x,y\n', `--key x,y ${option}`)).error).toMatch(
        /^keys of codec string take one/,
      )
    }
  })
})

describe('bad rows left out', () => {
  const many = (bad: string) => {
    return Array.from({ length: 3_000 }, (_, i) => (i === 3 ? bad : `${i},"n${i}, x"\n`)).join('')
  }

  it('cost no others, whatever is wrong with their quotes', async () => {
    for (const bad of [
      '3,"x\n',
      '3,x"\n',
      '3,"x"y\n',
      '3,"x""\n',
      '"3,x\n',
      '3",x\n',
      '3,""x"\n',
    ]) {
      const { rows, said } = await load(`id,n\n${many(bad)}`, '--key id --skip-bad --value n')
      expect({ bad, rows: rows.length }).toEqual({ bad, rows: 2_999 })
      expect(said).toMatch(/^bad rows left out: 1\n {2}line 5: [^\n]*\n$/)
    }
  })

  it('and those loaded are all there are', async () => {
    const kinds = [
      'I,1',
      'I,2"2',
      'I,"2',
      'I,"2"x',
      'I',
      'I,2,3',
      'I,"2\n2"',
      'I,"2\nx"y',
      'xI,1',
      '"I",""',
    ]
    const isGood = [true, false, false, false, false, false, true, false, false, true]
    // In every order of two neighbours.
    const order = kinds.flatMap((_, i) => kinds.flatMap((_, j) => [i, j]))
    const rows = order.map((kind, i) => kinds[kind].replace('I', String(i)))
    const wanted = order.flatMap((kind, i) => (isGood[kind] ? [`[${i}]`] : []))
    for (const end of ['\n', '\r', '\r\n']) {
      const text = ['id,n', ...rows].join('\n').replaceAll('\n', end)
      const { rows: found, said } = await load(text, '--key id --drop-key --skip-bad', {
        keys: 'zorder(uint32)',
      })
      expect(found.map(row => row.split(' ')[0])).toEqual(wanted)
      expect(said).toMatch(new RegExp(`^bad rows left out: ${rows.length - wanted.length}\n`))
    }
  })

  it('are told by the lines they are on, after blank lines and fields of several', async () => {
    const text = '\n\r\n  \nid,n\n\n1,"a\n\nb"\r\r2\n3,"c\n4,d\n'
    const { rows, said } = await load(text, '--key id --skip-bad')
    expect(rows).toEqual(['1 {"id":1,"n":"a\\n\\nb"}', '4 {"id":4,"n":"d"}'])
    expect(said).toBe(
      'bad rows left out: 2\n  line 10: fields: 1 instead of 2\n  line 11: a quote is opened that is never closed\n',
    )
    const { error } = await load(text, '--key id')
    expect(error).toBe('in.csv, line 10: fields: 1 instead of 2\n--skip-bad leaves bad rows out')
  })

  it('do not excuse a bad line of names', async () => {
    for (const [names, message] of [
      ['id,"n', 'in.csv, line 2: a quote is opened that is never closed'],
      ['id,n"x', 'in.csv, line 2: a quote stands within a field that has none around it: "n\\"x"'],
      ['id,"n"x', 'in.csv, line 2: text stands behind a quote that closes: x'],
      ['id,id', 'in.csv, line 2: two fields are called id'],
      ['no,n', 'in.csv, line 2: there is no field id: there are no, n'],
      ['no,', 'in.csv, line 2: there is no field id: there are no'],
      [',', 'in.csv, line 2: there is no field id: there are none with a name'],
    ]) {
      for (const rows of ['', '\n1,2\n3,4\n']) {
        const { error } = await load(`\n${names}${rows}`, '--key id --skip-bad')
        expect(error).toBe(message)
      }
    }
    const { error } = await load('id,n\n', '--key id --value no --skip-bad')
    expect(error).toBe('in.csv, line 1: there is no field no: there are id, n')
    expect((await load('', '--key id --skip-bad')).error).toBe('in.csv: there is no line of names')
    expect((await load('\n\n', '--key id')).error).toBe('in.csv: there is no line of names')
    expect(await load('', '--key id', { name: 'in.jsonl' })).toMatchObject({
      error: undefined,
      rows: [],
    })
  })

  it('are those whose bytes are no characters', async () => {
    const rows = (open: string, close: string) => {
      return Buffer.from(`${open}1${close}\n${open}\xff${close}\n${open}2${close}\n`, 'latin1')
    }
    const csv = await load(
      Buffer.concat([Buffer.from('id,n\n'), rows('', ',x')]),
      '--key id --skip-bad',
    )
    expect(csv.rows).toEqual(['1 {"id":1,"n":"x"}', '2 {"id":2,"n":"x"}'])
    expect(csv.said).toBe('bad rows left out: 1\n  line 3: invalid UTF-8 at byte 1\n')
    const jsonl = await load(rows('{"id":"', '"}'), '--key id --skip-bad', { name: 'in.jsonl' })
    expect(jsonl.rows).toEqual(['1 {"id":"1"}', '2 {"id":"2"}'])
    expect(jsonl.said).toBe('bad rows left out: 1\n  line 2: invalid UTF-8 at byte 8\n')
    const { error } = await load(Buffer.from('id,\xff\n1,2\n', 'latin1'), '--key id --skip-bad')
    expect(error).toMatch(/^in\.csv, line 1: invalid UTF-8 at byte 4\n--encoding latin1/)
  })

  it('are not those that the database has no room for', async () => {
    const rows = Array.from({ length: 4000 }, (_, i) => `${i},${'x'.repeat(500)}\n`).join('')
    const full = await load(`id,n\n${rows}`, '--key id --skip-bad', { maxBytes: 2 ** 20 })
    expect(full).toMatchObject({ rows: [], said: '', error: expect.stringMatching(/full/i) })
  })
})

describe('columns', () => {
  it('without a name share the empty one, and cannot be asked for', async () => {
    expect((await load(',id\n0,1\n', '--key id')).rows).toEqual(['1 {"":0,"id":1}'])
    const text = 'id,, ,n,\n1,a,b,c,2\n'
    expect((await load(text, '--key id')).rows).toEqual(['1 {"id":1,"":["a","b",2],"n":"c"}'])
    expect((await load(text, '--key id --value n')).rows).toEqual(['1 "c"'])
    for (const key of ["''", "' '", 'id,']) {
      const { error } = await load(text, `--key ${key}`, { keys: 'tuple' })
      expect(error).toBe('in.csv, line 1: a column without a name cannot be selected')
    }
  })

  it('may be many', async () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `c${i}`)
    const { error } = await load(`${names.join(',')},c99999\n`, '--key c0')
    expect(error).toBe('in.csv, line 1: two fields are called c99999')
    const { rows } = await load(
      `${names.join(',')}\n${names.join(',')}\n`,
      '--key c0 --value c99999',
    )
    expect(rows).toEqual(['c0 "c99999"'])
  })

  it('are found with another delimiter, which is told where the names look like it', async () => {
    const text = 'id;name\n1;a,b\n'
    for (const delimiter of ["';'", 'semicolon']) {
      const { rows } = await load(text, `--key id --delimiter ${delimiter}`)
      expect(rows).toEqual(['1 {"id":1,"name":"a,b"}'])
    }
    expect((await load('id\tn\n1\t\n', '--key id', { name: 'in.tsv' })).rows).toEqual([
      '1 {"id":1,"n":""}',
    ])
    for (const delimiter of ["'\t'", 'tab', "'\\t'"]) {
      expect((await load('id\tn\n1\t\n', `--key id --delimiter ${delimiter}`)).error).toBe(
        undefined,
      )
    }
    for (const [names, option, hint] of [
      ['id;name', '', 'semicolon'],
      ['"id";"name"', '', 'semicolon'],
      ['id;"first, last";n', '', 'semicolon'],
      ['id\tname', '', 'tab'],
      ['id|name', '', 'pipe'],
      ['id,name', '--delimiter tab', 'comma'],
    ]) {
      const { error } = await load(`${names}\n`, `--key id ${option}`)
      expect(error).toMatch(new RegExp(`^in\\.csv, line 1: .*\n--delimiter ${hint}, if`))
    }
    expect((await load('a,b;c\n', '--key id')).error).not.toMatch(/--delimiter/)
    for (const bad of ['ab', "''", "'\"'"]) {
      expect((await load(text, `--key id --delimiter ${bad}`)).error).toMatch(
        /^--delimiter is one char/,
      )
    }
    const { error } = await load('{"id":1}\n', '--key id --delimiter tab', { name: 'in.jsonl' })
    expect(error).toMatch(/^--delimiter is for CSV/)
  })
})

describe('lines and characters', () => {
  const ROWS = ['1 {"id":1,"n":"Zürich"}', '2 {"id":2,"n":"\u{1f600}"}']
  const CSV = 'id,n\n1,Zürich\n2,\u{1f600}\n'
  const JSONL = '{"id":1,"n":"Zürich"}\n{"id":2,"n":"\u{1f600}"}\n'
  const FORMATS = [
    [CSV, 'in.csv'],
    [JSONL, 'in.jsonl'],
  ] as const

  it('end as they like', async () => {
    for (const [text, name] of FORMATS) {
      for (const end of ['\r', '\n', '\r\n', '\r\r\n', '\n\r']) {
        for (const whole of [text, text.slice(0, -1)]) {
          const { rows } = await load(whole.replaceAll('\n', end), '--key id', { name })
          expect(rows).toEqual(ROWS)
        }
      }
    }
  })

  it('are of the encoding that a byte order mark tells, or an option', async () => {
    for (const [text, name] of FORMATS) {
      for (const [bytes, option] of [
        [Buffer.from(`\ufeff${text}`), ''],
        [Buffer.from(`\ufeff${text}`), '--encoding latin1'],
        [utf16le(`\ufeff${text}`), ''],
        [utf16be(`\ufeff${text}`), '--encoding utf8'],
        [utf16le(text), '--encoding utf16le'],
        [utf16be(text), '--encoding UTF-16BE'],
      ] as const) {
        expect((await load(bytes, `--key id ${option}`, { name })).rows).toEqual(ROWS)
        expect(
          (await load(gzipSync(bytes), `--key id ${option}`, { name: `${name}.gz` })).rows,
        ).toEqual(ROWS)
      }
      const latin1 = Buffer.from(text.replace('\u{1f600}', '\x80ÿ'), 'latin1')
      const { rows } = await load(latin1, '--key id --encoding iso-8859-1', { name })
      expect(rows).toEqual([ROWS[0], '2 {"id":2,"n":"\\u0080ÿ"}'])
      expect((await load(latin1, '--key id', { name })).error).toMatch(
        /invalid UTF-8.*\n--encoding latin1/,
      )
      const utf32 = Buffer.concat([Buffer.of(0xff, 0xfe, 0, 0), Buffer.from(text)])
      expect((await load(utf32, '--key id', { name })).error).toMatch(/^.*: UTF-32 is not read/)
      expect((await load(utf16le(text), '--key id', { name })).error).toMatch(
        /\n.*--encoding utf16le/,
      )
    }
    expect((await load(CSV, '--key id --encoding cp1252')).error).toMatch(
      /^--encoding is utf8, latin1/,
    )
    // The mark is before the quote that opens the first name.
    expect((await load('\ufeff"id","n"\n1,2\n', '--key id')).rows).toEqual(['1 {"id":1,"n":2}'])
  })

  it('of two bytes a character are bad where there is half of one', async () => {
    const text = `\ufeff${CSV}3,\ud83d x\n4,\n`
    const bad = await load(utf16le(text), '--key id --skip-bad')
    expect(bad.rows).toEqual([...ROWS, '4 {"id":4,"n":""}'])
    expect(bad.said).toBe('bad rows left out: 1\n  line 4: invalid UTF-16 in column 3\n')
    const half = Buffer.concat([utf16le(`\ufeff${CSV}`), Buffer.of(0x33)])
    expect((await load(half, '--key id')).error).toMatch(
      /^in\.csv, line 4: invalid UTF-16 in column 1\n/,
    )
  })

  it('have bytes 0 in values, and none in names', async () => {
    expect((await load('id,n\n1,a\0b\n', '--key id --value n')).rows).toEqual(['1 "a\\u0000b"'])
    expect((await load('id,n\0\n1,2\n', '--key id')).error).toMatch(
      /^in\.csv, line 1: .* has bytes 0/,
    )
  })
})
