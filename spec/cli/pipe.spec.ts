/** Commands on a pipe, by the real main module: what they print, to the letter, and how they fail. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { folder } from './fixtures.js'
import { shell, shellWords, zverse } from './zverse.js'

/** They have specs of their own. */
const ELSEWHERE = [
  ...['bench', 'flush', 'sync', 'compact', 'repair', 'backup', 'restore-to', 'runs'],
  ...['index', 'indexes', 'drop-index', 'where', 'explain'],
  ...['graph', 'link', 'unlink', 'neighbours', 'walk', 'path'],
  'similar',
]
const TIME = /(?<=\t)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g
const lines = (text: string) => text.split('\n').filter(line => line !== '')

/** Commands, and the output of each: plain, and as JSON if that differs. */
const SESSION: [command: string, plain: string[], json?: string[]][] = [
  ['put a 1', ['1']],
  ['put b hello; put c {"x": [1, 2]}', ['2', '3']],
  ['get b', ['"hello"']],
  ['get c', ['{"x":[1,2]}']],
  ['get zz', ['(absent)'], ['null']],
  ['has a', ['true']],
  ['count --gte b', ['2']],
  ['range --lte b', ['a\t1', 'b\t"hello"'], ['["a",1]', '["b","hello"]']],
  ['keys --reverse --limit 2', ['c', 'b'], ['"c"', '"b"']],
  ['tag opening', ['3']],
  ["update a 'n => n + 1'", ['4']],
  ['delete b --if-version 2', ['5']],
  ['batch put d "four"; del c', ['6']],
  ['batch [{"type":"put","key":"e","value":5}]', ['7']],
  [
    'history a',
    ['1\tTIME\t1', '4\tTIME\t2'],
    [
      '{"version":1,"timestamp":T,"value":1,"deleted":false}',
      '{"version":4,"timestamp":T,"value":2,"deleted":false}',
    ],
  ],
  ['history b --from 4', ['5\tTIME\t(deleted)'], ['{"version":5,"timestamp":T,"deleted":true}']],
  [
    'diff opening',
    [
      'a\t1\t2',
      'b\t"hello"\t(absent)',
      'c\t{"x":[1,2]}\t(absent)',
      'd\t(absent)\t"four"',
      'e\t(absent)\t5',
    ],
    [
      ...['{"key":"a","before":1,"after":2}', '{"key":"b","before":"hello"}'],
      ...[
        '{"key":"c","before":{"x":[1,2]}}',
        '{"key":"d","after":"four"}',
        '{"key":"e","after":5}',
      ],
    ],
  ],
  ['diff 6 now', ['e\t(absent)\t5'], ['{"key":"e","after":5}']],
  ['at opening', ['3']],
  ['at', ['opening: version 3'], ['3']],
  ['get a; get a --at -2; get a --at now', ['1', '1', '2']],
  ['now', []],
  ['at 2099-01-01', ['7']],
  ['at "2099-01-01 10:03"; now', ['7']],
  ['restore opening', ['8']],
  [
    'range',
    ['a\t1', 'b\t"hello"', 'c\t{"x":[1,2]}'],
    ['["a",1]', '["b","hello"]', '["c",{"x":[1,2]}]'],
  ],
  ['begin; put f 6; get f; abort; has f', ['9', '6', 'false']],
  ['begin; put f 6; put g 7; commit', ['9', '9', '9']],
  ['watch --prefix f', []],
  [
    'put f 8; put g 8; delete f',
    ['10', '+ f 8', '11', '12', '- f'],
    [
      ...[
        '10',
        '{"version":10,"timestamp":T,"changes":[{"type":"put","key":"f","value":8}]}',
        '11',
      ],
      ...['12', '{"version":12,"timestamp":T,"changes":[{"type":"del","key":"f"}]}'],
    ],
  ],
  ['watch off', []],
  ['pin 4', ['4']],
  ['untag opening; prune 12', ['3', '12']],
  ['get a --at 4; at 4; get a; now; unpin 4', ['2', '4', '2', '4']],
  ['clear --gte b --lt c', ['13']],
  ['store users --keys tuple', ['14']],
  ['put ["u",1] {"$date":"2026-11-20T10:03:00.000Z"}', ['15']],
  ['put "1" 2; put 1 3', ['16', '17']],
  [
    'range',
    ['1\t3', '"1"\t2', '["u",1]\t{"$date":"2026-11-20T10:03:00.000Z"}'],
    ['[1,3]', '["1",2]', '[["u",1],{"$date":"2026-11-20T10:03:00.000Z"}]'],
  ],
  ['count --prefix ["u"]', ['1']],
  ['stores', ['users\ttuple\tmsgpack'], ['{"name":"users","keys":"tuple","values":"msgpack"}']],
  ['store', []],
  ['store places --keys zorder(float64,date) --values string', ['18']],
  ['put [1.5, "2026-11-20T10:03Z"] here', ['19']],
  [
    'box [1, null] [2, null]',
    ['[1.5,"2026-11-20T10:03:00.000Z"]\t"here"'],
    ['[[1.5,{"$date":"2026-11-20T10:03:00.000Z"}],"here"]'],
  ],
  [
    'nearest [1, null] 1',
    ['[1.5,"2026-11-20T10:03:00.000Z"]\t"here"\t0.5'],
    ['{"key":[1.5,{"$date":"2026-11-20T10:03:00.000Z"}],"value":"here","distance":0.5}'],
  ],
  ['count --box [[0,null],[1,null]]', ['0']],
  ['stores --drop places', ['20']],
  ['keys-as; values-as', ['string', 'msgpack'], ['"string"', '"msgpack"']],
  [
    'keys-as binary',
    ['stores made from now on have keys of codec binary; here they are string'],
    ['"binary"'],
  ],
  [
    'values-as binary; store raw',
    ['stores made from now on have values of codec binary; here they are msgpack', '21'],
    ['"binary"', '21'],
  ],
  [
    'put 0xff00 text; range; store',
    ['22', '0xff00\t0x74657874'],
    ['22', '[{"$bytes":"/wA="},{"$bytes":"dGV4dA=="}]'],
  ],
  ['limit 1; keys; more; limit', ['a', 'c', '1'], ['"a"', '"c"', '1']],
  ['limit off; show', ['c'], ['"c"']],
  ['timing', ['off'], ['false']],
  ['versions --x', []],
  ['clear', ['23']],
  ['exit', []],
]

/** The one line of it that is a mistake. */
const MISTAKE = 'versions --x'

describe('a session on a pipe', () => {
  const input = `# all of it\n\n${SESSION.map(([command]) => command).join('\n')}\nput never here\n`
  const expected = (isJson: boolean) =>
    SESSION.flatMap(([, plain, json]) => (isJson && json) || plain)

  it('prints plain text', () => {
    const { out, err, code } = zverse(['--keep-going'], input)
    expect(lines(out.replace(TIME, 'TIME'))).toEqual(expected(false))
    const line = SESSION.findIndex(([command]) => command === MISTAKE) + 3
    expect(err).toBe(`zverse: line ${line}: versions has no option --x\n  versions\n`)
    expect(code).toBe(1)
  })

  it('prints JSON', () => {
    const { out, code } = zverse(['--keep-going', '--json'], input)
    expect(lines(out.replace(/"timestamp":\d{13}/g, '"timestamp":T'))).toEqual(expected(true))
    for (const line of lines(out)) JSON.parse(line)
    expect(code).toBe(1)
  })

  it('has each command at least once, here or below', () => {
    const text = `${SESSION.map(([command]) => command).join('; ')}; ${OTHERS}`
    for (const { name } of COMMANDS)
      if (!ELSEWHERE.includes(name)) expect(text).toMatch(new RegExp(`(^|; |\n)${name}\\b`))
  })
})

const OTHERS =
  'stats versions; check; versions; help get; dump; load in.jsonl --key id; timing on; at 0'

it('tells about itself, and times on stderr', () => {
  using place = folder()
  writeFileSync(join(place.path, 'in.jsonl'), '{"id":"a"}\n')
  const { out, err, code } = zverse(['--json'], OTHERS, place.path)
  const [stats, check, version, help, header, end, load, at, ...rest] = lines(out).map(line =>
    JSON.parse(line),
  )
  expect(rest).toEqual([])
  expect(stats).toMatchObject({ version: 0, oldestVersion: 0 })
  expect(check).toMatchObject({ ok: true, problems: [] })
  expect(version).toEqual({ version: 0, timestamp: expect.any(Number), tags: [] })
  expect(help).toMatch(/^the value of a key\n/)
  expect(header).toMatchObject({ type: 'zverse', format: 1, keys: 'string', values: 'msgpack' })
  expect([end, load, at]).toEqual([{ type: 'end' }, 1, 0])
  expect(err).toMatch(/^time: [\d.]+ (µs|ms)\ntime: [\d.]+ (µs|ms)\n$/)
  expect(code).toBe(0)
})

it('measures itself', () => {
  const small = ['--entries', '1000', '--seconds', '0.02']
  const { out, err, code } = zverse(['bench', 'get', 'scan', ...small])
  const rows = lines(out).map(line => line.split('\t'))
  expect({ err, code }).toEqual({ err: '', code: 0 })
  expect(rows.map(([group]) => group)).toEqual(['read', 'scan', 'scan', 'scan', 'scan'])
  for (const [, , ...numbers] of rows)
    for (const text of numbers) expect(Number(text)).toBeGreaterThanOrEqual(0)
  expect(JSON.parse(zverse(['bench', 'get', ...small, '--json']).out)).toMatchObject({
    name: 'get',
    threads: 1,
  })
  expect(zverse(['bench', 'gte', ...small]).err).toMatch(
    /^zverse: there is no workload or group "gte"/,
  )
  // Options are named as they are typed.
  expect(zverse(['bench', 'get', '--entries', '5']).err).toBe(
    'zverse: --entries must be an integer from 100 to 10000000\n',
  )
})

describe('mistakes', () => {
  it('are explained, with what to do', () => {
    const mistakes: [string, string][] = [
      ['gte a', 'there is no command gte\n  did you mean get?'],
      ['get', 'get needs KEY\n  get KEY [--at VIEW]'],
      [
        'get a b',
        "get takes no further word: b\n  get KEY [--at VIEW]\n  quote words with spaces: 'two words'",
      ],
      ['get a --att 1', 'get has no option --att\n  did you mean --at?'],
      ['get a --at', '--at needs a value: VIEW'],
      ['range --limit x', '--limit must be a whole number, not x'],
      ['put a {"x": 1,,}', 'bad JSON: unexpected "," at position 9\n  {"x": 1,,}\n          ^'],
      [
        'get a --at opning',
        'there is no tag "opning" (ZVERSE_UNKNOWN_TAG)\n  did you mean opening? tags: opening',
      ],
      [
        'get a --at 99',
        'version 99 is not there yet: the newest is 1 (ZVERSE_FUTURE_VERSION)\n  versions 0 to 1 can be read',
      ],
      ['get a --at 2026-02-30', '2026-02-30 is no date: there is no such day or time'],
      ['get a --at -5', '-5 is before version 0: the prompt is at 1'],
      [
        'put a 2 --if-version absent',
        'the entry is version 1, not absent (ZVERSE_CONFLICT)\n  read it again: --if-version 1 holds now',
      ],
      ['commit', 'there is nothing to commit: no transaction is open\n  `begin` opens one'],
      ['restore', 'restore needs VIEW\n  or move the prompt into the past first: `at VIEW`'],
      ['unpin 1', 'version 1 is not pinned\n  nothing is pinned'],
      [
        'keys-as tuples',
        'there is no key codec tuples\n  there are string, tuple, binary, zorder(float64,float64)',
      ],
      [
        'values-as zorder',
        'there is no value codec zorder\n  there are msgpack, json, string, binary',
      ],
      [
        'keys-as zorder(float65)',
        'there is no dimension float65\n  there are uint8, uint16, uint32, int8, int16, int32, float32, float64, date, float(MIN,MAX,BITS)',
      ],
      [
        "update a 'x =>'",
        "this is no JavaScript: Unexpected token ')'\n  for example update visits 'n => (n ?? 0) + 1'",
      ],
      ['update a 7', "7 is no function\n  for example update visits 'n => (n ?? 0) + 1'"],
      ['batch put a 1; get a', 'a batch has no get\n  only put KEY VALUE and del KEY'],
      ['--x', 'a line begins with a command\n  `help` lists them'],
      ['help gett', 'there is no command gett\n  did you mean get?'],
      ['stats memry', 'there is no group memry\n  did you mean memory?'],
      ['load nothing.jsonl --key a', 'nothing.jsonl: there is no such file'],
      [
        'at 0; put a 1',
        'the prompt is at 0, in the past: nothing can be written there\n  `now` goes back to the present, `restore` makes the present as it was at 0',
      ],
      [
        'now; begin; at 0',
        'moving into the past has to wait: a transaction is open\n  `commit` or `abort` it first',
      ],
      ['tag x', 'tagging has to wait: a transaction is open\n  `commit` or `abort` it first'],
    ]
    const input = `put a 1\ntag opening\n${mistakes.map(([command]) => command).join('\n')}\nabort\n`
    const { err, code } = zverse(['--keep-going'], input)
    const expected = mistakes.map(([, message], i) => `zverse: line ${i + 3}: ${message}\n`)
    expect(err).toBe(expected.join(''))
    expect(code).toBe(1)
  })

  it('hint at what can be done then', () => {
    const { err } = zverse(['--keep-going'], 'box [0,0] [1,1]\nput a 1\nbox [0,0] [1,1]')
    expect(err).toMatch(/line 1: .*\n.*`keys-as zorder\(float64,float64\)` makes them points\n/)
    expect(err).toMatch(/line 3: .*\n.*`store NAME --keys zorder\(float64,float64\)` makes/)
    const { out } = zverse([], 'put a 1\nstore p --keys zorder(float64,float64)\nbox [0,0] [1,1]')
    expect(out).toBe('1\n2\n')
  })

  it('hold nothing that a terminal would act on', () => {
    const red = '\x1b[31m'
    const input = `timing ${red}\nwatch ${red}\nload ${red}\nlimit ${red}\nupdate a '${red}('\nnow`
    const runs = [
      zverse(['--keep-going'], input),
      zverse([`--fo${red}`]),
      zverse(['get', 'a', '--from', `no${red}`]),
      zverse(['load', resolve('package.json'), '--key', 'a', '--format', red, '--to', '/dev/null']),
      zverse(['put', 'a', `0x${red}`, '--values', 'binary', '--to', '/dev/null']),
    ]
    for (const { err, code } of runs) {
      expect(err).toMatch(/u001b\[31m/)
      expect(err).not.toContain('\x1b')
      expect(code).toBe(1)
    }
  })

  it('end a session without --keep-going', () => {
    const { out, err, code } = zverse([], 'put a 1\nput b [1,\n 2}\nput c 1')
    expect({ out, err, code }).toEqual({
      ...{ out: '1\n', code: 1 },
      err: 'zverse: line 2: } in column 3 does not close [\n',
    })
  })

  it('a version that was let go of', () => {
    const { err } = zverse(['--history', '1'], 'put a 1\nput a 2\nput a 3\nget a --at 1')
    expect(err).toBe(
      'zverse: line 4: version 1 is no longer kept: the run of versions is 2 to 3 (ZVERSE_VERSION_NOT_RETAINED)\n' +
        '  versions from 2 on can be read, and those that are tagged or pinned\n',
    )
  })

  it('what is left open at the end', () => {
    expect(zverse([], 'put a 1\nput b [1,\n2\n').err).toBe(
      'zverse: line 2: [ is never closed: it was opened in column 7 of line 1 of the command\n',
    )
    expect(zverse([], 'begin\nput a 1').err).toBe(
      'zverse: line 2: the transaction was left open, and is aborted\n  end it with `commit`\n',
    )
    expect(zverse([], 'begin\nput a 1\nexit\n')).toMatchObject({
      err: 'zverse: line 3: the transaction was left open, and is aborted\n  end it with `commit`\n',
      code: 1,
    })
  })
})

describe('input', () => {
  it('with a byte order mark, CRLF, NUL and no last line end', () => {
    const { out, err } = zverse(
      [],
      '\ufeffput a 1\r\nput b "x\\u0000"\r\nput c\0d {"a":\r\n1}\r\n\r\nrange',
    )
    expect({ out, err }).toEqual({
      out: '1\n2\n3\na\t1\nb\t"x\\u0000"\n"c\\u0000d"\t{"a":1}\n',
      err: '',
    })
  })

  it('that is no UTF-8', () => {
    const { err, code } = zverse([], Buffer.from('put a 1\nput b \xff\n', 'latin1'))
    expect({ err, code }).toEqual({
      err: 'zverse: line 2: invalid UTF-8 at byte 7 of the line\n',
      code: 1,
    })
  })

  it('of one huge line', () => {
    const { out, err } = zverse([], `put a "${'x'.repeat(20e6)}"\ncount\n`)
    expect({ out, err }).toEqual({ out: '1\n1\n', err: '' })
  })
})

describe('one-shot forms', () => {
  it('work on dumps', () => {
    using place = folder()
    const one = (command: string, input = '') => {
      const [name, ...args] = shellWords(command)
      expect(name).toBe('zverse')
      return zverse(args, input, place.path)
    }
    const said = (line: string) => {
      const outcomes = line.split('; ').map(command => one(command))
      for (const { err, code } of outcomes)
        expect({ err, code }, line).toEqual({ err: '', code: 0 })
      return outcomes.map(({ out }) => out).join('')
    }
    expect(said('zverse put 007 -1 --to a.jsonl')).toBe('1\n')
    expect(one('zverse put -- --k \'"007"\' --to b.jsonl')).toMatchObject({ code: 1, out: '' })
    said(
      'zverse put k one --to f.jsonl; zverse put k two --from f.jsonl --to f.jsonl; zverse tag t 1 --from f.jsonl --to f.jsonl',
    )
    expect(
      said(
        'zverse get k --from f.jsonl; zverse get k --at 1 --from=f.jsonl; zverse get k --at t --from f.jsonl',
      ),
    ).toBe('"two"\n"one"\n"one"\n')
    expect(said('zverse --from a.jsonl get 007; zverse get k --at -1 --from f.jsonl')).toBe(
      '-1\n"one"\n',
    )
    expect(
      said('zverse diff 1 now --from f.jsonl; zverse history k --until 1 --from f.jsonl --json'),
    ).toMatch(/^k\t"one"\t"two"\n\{"version":1,.*\}\n$/)
    expect(said('zverse dump --from f.jsonl --at 1')).toMatch(
      /\n\{"type":"put","key":"k","value":"one"\}\n\{"type":"end"\}\n$/,
    )
    said('zverse dump --history all.jsonl.gz --from f.jsonl')
    expect(said('zverse versions --from all.jsonl.gz').replace(TIME, 'TIME')).toBe(
      '0\tTIME\t\n1\tTIME\tt\n2\tTIME\t\n',
    )
    expect(said('zverse check; zverse stats versions --json')).toMatch(/^ok.*\n\{.*\}\n$/)
    expect(
      said(
        "zverse batch put x 1 ';' del k --from f.jsonl --to f.jsonl; zverse keys --from f.jsonl",
      ),
    ).toBe('3\nx\n')
    expect(said('zverse range --from f.jsonl')).toBe('x\t1\n')
    expect(one('zverse --from f.jsonl --to g.jsonl', 'count; put y 1').out).toBe('1\n4\n')
    expect(said('zverse count --from g.jsonl')).toBe('2\n')
  })

  it('are refused where they make no sense', () => {
    using place = folder()
    const refused = (args: string[], message: string) => {
      const { out, err, code } = zverse(args, '', place.path)
      expect({ out, err, code }).toEqual({ out: '', err: `zverse: ${message}\n`, code: 1 })
    }
    refused(
      ['put', 'a', '1'],
      'the changes of put would be lost\n  --to DIR keeps them, or: zverse put KEY VALUE --from old.jsonl --to new.jsonl',
    )
    refused(
      ['get', 'a'],
      'get has no database to read\n  --from reads a directory or a dump: zverse get KEY --from DIR',
    )
    refused(['at', '1'], 'at works only at the prompt\n  start the prompt with `zverse`')
    refused(['data/'], 'there is no database data/\n  `zverse data/ --create` makes one there')
    refused(['--jsn'], 'there is no option --jsn\n  did you mean --json?')
    refused(['gte', 'a'], 'there is no command gte\n  did you mean get?')
    refused(['get', 'a', '--form', 'x'], 'get has no option --form\n  did you mean --from?')
    refused(['get', 'a', '--from', 'no.jsonl'], 'no.jsonl: there is no such file')
    refused(['--max-bytes', '1k'], '--max-bytes must be 1m to 16g, not 1k')
    refused(['--max-bytes', 'x'], '--max-bytes must be a size, not x\n  512m, 4g')
    zverse(['put', 'a', '1', '--to', 'f.jsonl'], '', place.path)
    refused(
      ['keys', '--from', 'f.jsonl', '--keys', 'tuple'],
      '--keys tuple: f.jsonl has keys of codec string',
    )
    writeFileSync(join(place.path, 'rows.csv'), 'a,b\n1,2\n')
    refused(
      ['keys', '--from', 'rows.csv'],
      'rows.csv is no dump of zverse\n  load rows with: zverse load rows.csv --key FIELD --to FILE',
    )
  })

  it('a file stays as it was where the command fails', () => {
    using place = folder()
    const file = join(place.path, 'f.jsonl')
    zverse(['put', 'a', '1', '--to', file])
    const before = readFileSync(file, 'utf8')
    expect(zverse(['put', 'a', '2', '--if-version', '7', '--from', file, '--to', file]).code).toBe(
      1,
    )
    expect(zverse(['--from', file, '--to', file], 'put b 1\nnonsense').code).toBe(1)
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(shell('ls -A', place.path).out).toBe('f.jsonl\n')
  })

  it('--version, --help, help COMMAND', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(zverse(['--version']).out).toBe(`${version}\n`)
    expect(zverse(['--help']).out).toMatch(/--keep-going/)
    const help = zverse(['help', 'diff']).out
    expect(zverse(['diff', '--help']).out).toBe(help)
    expect(help).toMatch(/diff FROM \[TO\]/)
  })

  it('end quietly when nobody reads on', () => {
    using place = folder()
    // More than a pipe takes.
    const long = '.'.repeat(200)
    const put = Array.from({ length: 2000 }, (_, i) => `put key${i}${long} ${i}`).join('\n')
    zverse(['--to', 'f.jsonl'], `begin\n${put}\ncommit`, place.path)
    const { out, err } = shell(
      'zverse keys --from f.jsonl | head -n 2; echo "$PIPESTATUS"',
      place.path,
    )
    expect({ out, err }).toEqual({ out: `key0${long}\nkey1${long}\n0\n`, err: '' })
  })
})
