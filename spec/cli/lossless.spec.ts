/**
 * Typed and loaded values arrive unchanged, or are refused: dates, infinities, large numbers,
 * objects that look like tags. By commands, in files and in dumps.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { counted } from '../../lib/cli/bar.js'
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { progressLine } from '../../lib/cli/files/progress.js'
import { Screen } from '../../lib/cli/screen.js'
import { Session } from '../../lib/cli/session.js'
import { runLine } from '../../lib/cli/shell.js'
import { Mistake, tokensOf } from '../../lib/cli/words.js'
import { ZVerseError } from '../../lib/index.js'
import { folder, OPENING, paper } from './fixtures.js'

const HOME = process.env.TZ
afterEach(() => {
  if (HOME === undefined) delete process.env.TZ
  else process.env.TZ = HOME
})

/** A session of its own, which answers commands as on a pipe, or as on a terminal. */
function start(opening: object = {}, form: 'plain' | 'terminal' = 'plain') {
  const session = new Session(COMMANDS, { ...OPENING, ...opening })
  const sink = paper()
  const screen = new Screen(form, sink)
  const says = async (line: string) => {
    sink.text = ''
    try {
      await runLine({ session, screen, aside: sink }, tokensOf(line))
    } catch (error) {
      if (error instanceof Mistake) return `${error.message}\n${error.hint ?? ''}`
      if (error instanceof ZVerseError) return `${error.message} (${error.code})`
      throw error
    }
    return sink.text
  }
  return { session, says }
}

describe.each(['UTC', 'America/New_York', 'Asia/Kolkata'])('dates of keys in %s', zone => {
  it('are by ISO 8601, UTC where they do not say else', async () => {
    process.env.TZ = zone
    const { says } = start({ keys: 'zorder(float64,date)' })
    for (const [date, iso] of [
      ['2026-11-20', '2026-11-20T00:00:00.000Z'],
      ['2026-11-20T10:03', '2026-11-20T10:03:00.000Z'],
      ['2026-11-20 10:03:05.123456', '2026-11-20T10:03:05.123Z'],
      ['2026-11-20T10:03+01:00', '2026-11-20T09:03:00.000Z'],
      ['0050-01-01', '0050-01-01T00:00:00.000Z'],
    ]) {
      await says(`put [1,"${date}"] x`)
      expect(await says('keys')).toBe(`[1,"${iso}"]\n`)
      expect(await says(`count --box [[1,"${date}"],[1,"${date}"]]`)).toBe('1\n')
      expect(await says(`has [1,{"$date":"${date}"}]`)).toBe('true\n')
      await says(`batch [{"type":"del","key":[1,"${date}"]}]`)
      expect(await says('count')).toBe('0\n')
    }
  })

  it('that are none are refused, whatever reads them', async () => {
    process.env.TZ = zone
    const { says } = start({ keys: 'zorder(float64,date)' })
    for (const bad of [
      ...['"2026-02-30"', '"foo 3"', '"5"', '"2013"', '"2026-11-20T10:03+99:99"', '5', 'true'],
      ...['2013', '1e12', '"24:00"', '"now"', '"2026-11-20T24:00"', '""', '{"$date":"2026-02-30"}'],
    ]) {
      for (const line of [
        `put [1,${bad}] x`,
        `get [1,${bad}]`,
        `keys --gt [1,${bad}]`,
        `box [1,${bad}] [1,null]`,
        `clear --box [[0,null],[1,${bad}]]`,
        `nearest [1,${bad}] 1`,
        `batch [{"type":"put","key":[1,${bad}],"value":1}]`,
      ]) {
        expect(await says(line), line).toMatch(/is no date|means nothing/)
      }
    }
    expect(await says('versions')).toMatch(/^0\t/)
  })
})

it('views take fractions of any length, and no impossible offset', async () => {
  const { says } = start()
  await says('put a 1')
  for (const view of [
    ...['2099-01-01T00:00:00.123456Z', '"2099-01-01 00:00:00.123456789 +05:30"', '2099-01-01Z'],
    ...['2099-01-01', '+002099-01-01', '2099-01-01T00:00+05'],
  ]) {
    expect(await says(`get a --at ${view}`), view).toBe('1\n')
  }
  expect(await says('get a --at 0099-01-01')).toMatch(/VERSION_NOT_RETAINED|absent/)
  for (const view of [
    ...['2026-02-30', '2026-11-20T10:03+99:99', '2026-11-20T10:03+24:00', '2026-11-20T24:00'],
    ...['10:03:60', '10:99', '"2026-11-20 10:03:05.1234567890"', '2026-11-20+0160'],
  ]) {
    expect(await says(`get a --at ${view}`), view).toMatch(/is no date/)
  }
  await says('tag 2026-02-30')
  expect(await says('get a --at 2026-02-30; at 2026-02-30')).toBe('1\n1\n')
})

describe('infinity', () => {
  it('is written out, and does not open a side', async () => {
    const { says } = start({ keys: 'zorder(float64,float64)' })
    await says('batch put [1,0] a; put [2,5] b')
    const infinity = '{"$number":"Infinity"}'
    for (const line of [
      ...['clear --box [[1e999,0],[1e999,9]]', 'range --box [[-1e400,0],[1,9]]'],
      ...['put [1e999,0] x', 'get [1,-1e999]', 'nearest [0,0] 1 --scale [1e999,1]'],
      ...['put [1,1] 1e999', 'put [1,1] {"a":[1e999]}'],
      'batch [{"type":"put","key":[1,1],"value":1e999}]',
    ]) {
      expect(await says(line), line).toMatch(/1e\d+ is too large for a number\n.*"-?Infinity"\}/)
    }
    await says(`clear --box [[${infinity},0],[${infinity},9]]`)
    expect(await says('count')).toBe('2\n')
    await says(`put [${infinity},0] there`)
    expect(await says(`keys --box [[3,0],[${infinity},9]]`)).toBe(`[${infinity},0]\n`)
    await says(`clear --box [[${infinity},null],[null,null]]`)
    expect(await says('keys')).toBe('[1,0]\n[2,5]\n')
    expect(await says('nearest [0,0] 1 --within 1e999')).toMatch(/must be a number/)
  })

  it('is no null in a batch', async () => {
    const { says } = start({ keys: 'tuple' })
    const batch = (...operations: object[]) => says(`batch ${JSON.stringify(operations)}`)
    const infinite = [{ $number: 'Infinity' }]
    await batch({ type: 'put', key: [null], value: 1 }, { type: 'put', key: infinite, value: 2 })
    await batch({ type: 'del', key: infinite })
    expect(await says('keys')).toBe('[null]\n')
    await batch({ type: 'put', key: { $number: '-Infinity' }, value: { $number: 'NaN' } })
    await batch({ type: 'put', key: { $bytes: 'AAE=' }, value: { $bigint: '7' } })
    expect(await says('range')).toBe(
      '{"$number":"-Infinity"}\t{"$number":"NaN"}\n{"$bytes":"AAE="}\t{"$bigint":"7"}\n[null]\t1\n',
    )
    expect(await batch({ type: 'del', key: [{ $number: 'NaN' }] })).toMatch(/ZVERSE_INVALID_KEY/)
  })
})

describe('numbers of keys', () => {
  const LARGE = '9007199254740993'
  it('that lose digits are refused, whatever reads them', async () => {
    const { says } = start({ keys: 'tuple' })
    for (const key of [
      LARGE,
      `[${LARGE}]`,
      `["a",[-${LARGE}]]`,
      '0.1234567890123456789',
      '1e-400',
    ]) {
      for (const line of [
        ...[`put ${key} x`, `get ${key}`, `keys --gt ${key}`, `keys --prefix ${key}`],
        ...[`batch put a 1; del ${key}`, `batch [{"type":"put","key":${key},"value":1}]`],
      ]) {
        expect(await says(line), line).toMatch(/does not fit into a number[\s\S]*\$bigint/)
      }
    }
    expect(await says('versions')).toMatch(/^0\t/)
    for (const key of ['9007199254740992', '0.1', '1e23', '-0', `"${LARGE}"`, '[1e300]']) {
      expect(await says(`put ${key} x; has ${key}`)).toMatch(/^\d+\ntrue\n$/)
    }
  })

  it('of points too', async () => {
    const { says } = start({ keys: 'zorder(float64,float64)' })
    for (const line of [`put [${LARGE},0] x`, `range --box [[0,0],[${LARGE},1]]`]) {
      expect(await says(line)).toMatch(/does not fit into a number/)
    }
  })

  it('in what is no JSON are not what is wrong', async () => {
    for (const keys of ['tuple', 'zorder(float64)']) {
      const { says } = start({ keys })
      for (const key of [`[{"\\x":${LARGE}}]`, `[${LARGE},,1]`, '["\\x",1e999]']) {
        expect(await says(`get ${key}`), key).toMatch(/^bad JSON: |too large/)
      }
    }
  })

  it('in values they are what JSON says', async () => {
    const { says } = start()
    await says(`batch [{"type":"put","key":"a","value":${LARGE}}]`)
    expect(await says('get a')).toBe('9007199254740992\n')
  })
})

describe('plain JSON', () => {
  it('is what it is, in every command', async () => {
    const { says } = start({ values: 'json' })
    await says('put a {"$date":"foo"}')
    await says('batch [{"type":"put","key":"b","value":{"$date":"2026-11-20"}}]')
    await says('batch put c {"$ref":[{"$bigint":"1"}]}')
    expect(await says('range')).toBe(
      'a\t{"$date":"foo"}\nb\t{"$date":"2026-11-20"}\nc\t{"$ref":[{"$bigint":"1"}]}\n',
    )
    expect(await says('put d {"a":1e999}')).toMatch(/too large for a number\n.*no infinite/)
  })

  it('holds keys that are tags', async () => {
    const { says } = start({ values: 'json', keys: 'zorder(float64,date)' })
    const key = '[{"$number":"-Infinity"},{"$date":"2026-11-20"}]'
    await says(`batch [{"type":"put","key":${key},"value":{"$number":"NaN"}}]`)
    expect(await says('range')).toBe(
      '[{"$number":"-Infinity"},"2026-11-20T00:00:00.000Z"]\t{"$number":"NaN"}\n',
    )
  })
})

describe('a file', () => {
  const load = async (opening: object, name: string, text: string, options: string) => {
    using place = folder()
    const file = join(place.path, name)
    writeFileSync(file, text)
    const { says } = start(opening)
    const said = await says(`load '${file}' ${options}`)
    return { said: said.replaceAll(file, name), rows: await says('range') }
  }
  const NEAR = '{"id":9007199254740992}\n{"id":9007199254740993,"n":1}\n'

  it('of JSON lines whose keys would fall together is refused', async () => {
    for (const keys of ['string', 'tuple']) {
      const { said, rows } = await load({ keys }, 'in.jsonl', NEAR, '--key id')
      expect(said).toMatch(/^in\.jsonl, line 2: 9007199254740993 does not fit[\s\S]*\$bigint/)
      expect(rows).toBe('')
      const skipping = await load({ keys }, 'in.jsonl', NEAR, '--key id --skip-bad')
      expect(skipping.rows).toBe('9007199254740992\t{"id":9007199254740992}\n')
    }
    const text = NEAR.replace(/(?<=\n{"id":)(\d+)/, '{"$bigint":"$1"}')
    const { rows } = await load({}, 'in.jsonl', text, '--key id')
    expect(rows.split('\n').map(row => row.split('\t')[0])).toEqual([
      ...['9007199254740992', '9007199254740993', ''],
    ])
    const values = '{"id":1,"n":9007199254740993,"id2":12345678901234567890}\n'
    expect((await load({}, 'in.jsonl', values, '--key id')).said).toBe('1\n')
    const several = '{"a":1,"b":9007199254740993}\n'
    const two = await load({ keys: 'tuple' }, 'in.jsonl', several, '--key a,b')
    expect(two.said).toMatch(/line 1: 9007199254740993 does not fit/)
    const infinite = await load({}, 'in.jsonl', '{"id":1,"n":[1e999]}\n', '--key id')
    expect(infinite.said).toMatch(/line 1: 1e999 is too large for a number\n.*"Infinity"/)
  })

  it('loaded as plain JSON keeps its text, and has keys as ever', async () => {
    const text = '{"id":{"$bigint":"9007199254740993"},"a":{"$date":"x"},"b":[{"$ref":1}]}\n'
    const { rows } = await load({ values: 'json' }, 'in.jsonl', text, '--key id')
    expect(rows).toBe(`9007199254740993\t${text}`)
    const part = await load({ values: 'json' }, 'in.jsonl', text, '--key id --value a')
    expect(part.rows).toBe('9007199254740993\t{"$date":"x"}\n')
  })

  it('has the dates of its keys read strictly', async () => {
    const opening = { keys: 'zorder(float64,date)' }
    const csv = (when: string) => load(opening, 'in.csv', `x,when\n1,${when}\n`, '--key x,when')
    for (const when of ['2013', '5', 'foo 3', '2026-02-30', '', '1367409600000']) {
      expect((await csv(when)).said, when).toMatch(/^in\.csv, line 2: .*is no date/)
    }
    process.env.TZ = 'Asia/Tokyo'
    expect((await csv('2013-05-01 12:00:00.123456')).rows).toMatch(/"2013-05-01T12:00:00\.123Z"/)
    expect((await csv('2013-05-01')).rows).toMatch(/"2013-05-01T00:00:00\.000Z"/)
    const rows = '{"x":1,"when":1367409600000}\n'
    expect((await load(opening, 'in.jsonl', rows, '--key x,when')).said).toMatch(/is no date/)
  })

  it('that is a dump of a later format says so, whatever else is in it', async () => {
    for (const rest of [
      ...['', ',"codec":{"k":1}', ',"keys":"uuid","values":"x"', ',"keys":{"a":1},"values":null'],
      ',"keys":"string","values":"msgpack","version":1,"timestamp":1,"history":false',
    ]) {
      for (const format of ['2', '"2"', 'null', '{}']) {
        const header = `{"type":"zverse","format":${format}${rest}}\n{"type":"end"}\n`
        const { said } = await load({}, 'in.jsonl', header, '')
        expect(said, header).toMatch(/^in\.jsonl, line 1: .*format .* reads 1 \(ZVERSE_FORMAT\)/)
      }
    }
    const bare = await load({}, 'in.jsonl', '\n{"type":"zverse","format":1}\n', '')
    expect(bare.said).toMatch(/^in\.jsonl, line 2: .*\(ZVERSE_FORMAT\)/)
    const other =
      '{"type":"zverse","format":1,"keys":"uuid","values":"json","version":1,"timestamp":1}\n'
    expect((await load({}, 'in.jsonl', other, '')).said).toMatch(/^there is no key codec uuid/)
  })

  it('that is a dump by other hands loses nothing of its keys', async () => {
    const put = '{"type":"put","key":9007199254740993,"value":1}'
    const codecs = '"history":false,"keys":"tuple","values":"msgpack","version":1,"timestamp":1'
    const text = `{"type":"zverse","format":1,${codecs}}\n${put}\n{"type":"end"}\n`
    const { said, rows } = await load({}, 'in.jsonl', text, '')
    expect(said).toMatch(/^in\.jsonl, line 2: 9007199254740993 does not fit/)
    expect(rows).toBe('')
  })
})

describe('an inverted box', () => {
  const PACIFIC = ['[170,-20] [180,20]', '[-180,-20] [-170,20]']
  it('across the antimeridian is told as two, which work', async () => {
    const { says } = start({ keys: 'zorder(float64,float64)' })
    await says('batch put [179,1] a; put [-179,1] b; put [0,0] c')
    const told = await says('box [170,-20] [-170,20]')
    expect(told).toMatch(/^box is inverted: .*\(ZVERSE_INVALID_OPTION\)/)
    const boxes = told.match(/box \[\S+\] \[\S+\]/g)?.slice(-2) ?? []
    expect(boxes).toEqual(PACIFIC.map(box => `box ${box}`))
    expect(await says(boxes.join('; '))).toBe('[179,1]\t"a"\n[-179,1]\t"b"\n')
    for (const command of [
      'range',
      'keys',
      'count',
      'diff 0',
      'watch',
      'nearest [1,1] 1',
      'clear',
    ]) {
      const option = await says(`${command} --box [[170,-20],[-170,20]]`)
      const given = option.match(/--box '.*?'/g)?.slice(-2) ?? []
      expect(given).toHaveLength(2)
      for (const box of given) expect(await says(`count ${box}`)).toBe('1\n')
    }
  })

  it('is told the other way round otherwise', async () => {
    const { says } = start({ keys: 'zorder(uint8,float64,date)' })
    expect(await says('box [9,null,null] [5,1,null]')).toMatch(
      /: box \[5,null,null\] \[9,1,null\]$/,
    )
    expect(await says('box [1,2,null] [5,1,null]')).toMatch(/: box \[1,1,null\] \[5,2,null\]$/)
    expect(await says('box [1,2,"2026-11-20"] [1,2,"2026-11-19"]')).toMatch(
      /dimension 2 .*\n.*: box \[1,2,"2026-11-19T.*"\] \[1,2,"2026-11-20T.*"\]$/,
    )
    expect(await says('box [1,2,null] [1,2,null]')).toBe('')
    const around = start({ keys: 'zorder(float(0,360,20),float32)' })
    expect(await around.says('box [350,0] [10,1]')).toMatch(
      /two boxes: box \[350,0\] \[360,1\] and box \[0,0\] \[10,1\]$/,
    )
  })
})

describe('how many there are', () => {
  it('is said as people say it', async () => {
    expect(counted(0, 'row')).toBe('0 rows')
    expect(counted(1, 'row')).toBe('1 row')
    expect(counted(1.4, 'row')).toBe('1 row')
    expect(counted(2, 'row')).toBe('2 rows')
    expect(counted(20_001, 'row')).toBe('20,001 rows')
    expect(progressLine(10, undefined, 1, 1000)).toBe('10 B  1 row  10 B/s  1 row/s')
  })

  it('wherever it is said', async () => {
    using place = folder()
    const { says } = start({}, 'terminal')
    const file = join(place.path, 'in.jsonl')
    writeFileSync(file, '{"id":1}\n')
    expect(await says(`load '${file}' --key id`)).toBe('1 row, version 1\n')
    writeFileSync(file, '{"id":1}\n{"id":2}\n')
    expect(await says(`load '${file}' --key id`)).toBe('2 rows, version 2\n')
    expect(await says(`dump '${file}'`)).toBe('4 records\n')
    expect(await says('clear')).toMatch(/2 keys are gone/)
  })
})
