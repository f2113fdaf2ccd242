/** Indexes at the prompt: what their commands print, at views and in transactions, and their refusals. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { complete } from '../../lib/cli/complete.js'
import { folder } from './fixtures.js'
import { keysOf, Prompt, people } from './saying.js'
import { typedAgain } from './typed-again.js'
import { zverse } from './zverse.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))

describe.each(['msgpack', 'json'])('of values of codec %s', values => {
  it('an index is made once, and read in the order of its keys', async () => {
    using prompt = await people(values)
    expect(await prompt.say('index of of')).toEqual(['4'])
    expect(await prompt.say('index of of')).toEqual(['4'])
    expect(await prompt.say('index of')).toEqual(['Bern\tann', 'Bern\tbob', 'Zug\tcid'])
    expect(await prompt.say('index of --eq Zug')).toEqual(['Zug\tcid'])
    expect(await prompt.say('index of --prefix B --reverse --limit 1')).toEqual(['Bern\tbob'])
    expect(await prompt.say('index age age --unique')).toEqual(['5'])
    expect(await prompt.say('index age --gt 30 --lte 50')).toEqual(['40\tbob', '50\tcid'])
    expect(await prompt.say('index age --gte 40 --lt 50')).toEqual(['40\tbob'])
  })

  it('of elements, and of several paths', async () => {
    using prompt = await people(values)
    await prompt.say('index tag tags --multi; index both of age')
    expect(await prompt.say('index tag')).toEqual(['a\tann', 'b\tann', 'b\tbob'])
    expect(await prompt.say('index both --prefix Bern --reverse')).toEqual([
      ...['["Bern",40]\tbob', '["Bern",30]\tann'],
    ])
    expect(await prompt.say('index both --eq ["Zug",50]')).toEqual(['["Zug",50]\tcid'])
  })

  it('of what is missing and invalid, as asked for', async () => {
    using prompt = await people(values)
    await prompt.say('put dan {"of": {"x": 1}}')
    expect(await prompt.say('index age age --missing null')).toEqual(['5'])
    expect(await prompt.say('index age --lt 40')).toEqual(['null\tdan', '30\tann'])
    expect(await prompt.say('index of of --invalid skip')).toEqual(['6'])
    expect(await prompt.say('index of --gt C')).toEqual(['Zug\tcid'])
  })
})

describe('an index by place', () => {
  const FLOATS = '--spatial --dimensions float64,float64'

  it('has entries with their points: all, in a box, the nearest', async () => {
    using prompt = await people()
    expect(await prompt.say(`index place at ${FLOATS}`)).toEqual(['4'])
    const last = (rows: string[]) => rows.map(row => row.replace(/\{.*\}\t/, ''))
    const all = await prompt.say('index place')
    expect(last(all)).toEqual(['ann\t[7.4,46.9]', 'bob\t[8.5,47.4]', 'cid\t[8.5,47.4]'])
    expect(await prompt.say('index place --limit 1')).toEqual(all.slice(0, 1))
    expect(await prompt.say('index place --box [[8,null],[null,null]]')).toEqual(all.slice(1))
    expect(await prompt.say('box [8,null] [null,null] --index place')).toEqual(all.slice(1))
    const near = await prompt.say('nearest [7.4,46.9] 1 --index place')
    expect(last(near)).toEqual(['ann\t[7.4,46.9]\t0'])
    const inside = '--box [[8,null],[9,null]] --within 2 --metric euclidean --scale [1,1]'
    const found = await prompt.say(`nearest [7.4,46.9] 5 --index place ${inside}`)
    expect(keysOf(found)).toEqual(['bob', 'cid'])
  })

  it('of a path for each coordinate, and dates', async () => {
    using prompt = new Prompt()
    await prompt.say('put a {"x": 3, "on": {"$date": "2026-11-20T10:03:00Z"}}')
    const dimensions = '--spatial --dimensions float(0,10,8),date --unique --missing error'
    expect(await prompt.say(`index at x on ${dimensions}`)).toEqual(['2'])
    expect(await prompt.say('indexes')).toEqual([`at\tx on ${dimensions}`])
    const [row] = await prompt.say('index at --box [[0,"2026-11-20"],[5,null]]')
    expect(row).toMatch(/^a\t.*\t\[[\d.]+,"2026-11-20T10:03:00\.000Z"\]$/)
  })

  it('refuses what is not for it, and what it is not for', async () => {
    using prompt = await people()
    await prompt.say(`index place at ${FLOATS}; index of of`)
    for (const [line, says] of [
      ['index place --eq 1', 'an index by place has no --eq: its keys are points'],
      ['index place --reverse', 'an index by place has no --reverse: its keys are points'],
      ['index of --box [[0,0],[1,1]]', '--box is for an index by place, which of is not'],
      ['box [0,0] [1,1] --index of', 'index of is not by place: it has no points'],
      ['nearest [0,0] 1 --index of', 'index of is not by place: it has no points'],
      ['index x at --spatial', '--spatial needs --dimensions'],
      ['index x at --dimensions date', '--dimensions is for an index by place'],
      ['index x at --spatial --dimensions float', 'there is no dimension float'],
      [
        `index x at ${FLOATS} --multi`,
        '--multi is not for an index by place: an entry has one point there',
      ],
      [
        'index place --box [[9,0],[8,1]]',
        'box is inverted: in dimension 0 min is above max (ZVERSE_INVALID_OPTION)',
      ],
    ]) {
      expect((await prompt.say(line))[0], line).toBe(says)
    }
    expect(await prompt.say('box [8] [null] --index place')).toEqual([
      'min must have length 2, a value for each dimension, not 1 (ZVERSE_INVALID_KEY)',
      '  its points are zorder(float64,float64)',
    ])
  })
})

describe('indexes', () => {
  it('are listed with their definitions, at a view', async () => {
    using prompt = await people()
    await prompt.say('index of of --missing null; index tag tags --multi --invalid skip')
    expect(await prompt.say('indexes')).toEqual([
      ...['of\tof --missing null', 'tag\ttags --multi --invalid skip'],
    ])
    expect(await prompt.say('indexes --at 4')).toEqual(['of\tof --missing null'])
    expect(await prompt.say('drop-index of')).toEqual(['6'])
    expect(await prompt.say('indexes')).toEqual(['tag\ttags --multi --invalid skip'])
    await prompt.say('at 3')
    expect(await prompt.say('indexes')).toEqual([])
    expect(await prompt.say('indexes --at 5')).toHaveLength(2)
  })

  it('any definition is listed as the words that make it again', async () => {
    const name = fc.string({ unit: fc.constantFrom(...`ab0 '"[]{};#=-\\é\t\u202e`), minLength: 1 })
    const path = fc.array(name, { minLength: 1, maxLength: 2 }).map(names => names.join('.'))
    const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
    const others = { unique: fc.boolean(), invalid: some(fc.constantFrom('skip', 'error')) }
    const property = fc.record({
      on: fc.oneof(path, fc.array(path, { minLength: 1, maxLength: 3 })),
      ...{
        multi: fc.boolean(),
        missing: some(fc.constantFrom('skip', 'null', 'error')),
        ...others,
      },
    })
    const spatial = fc.record({
      kind: fc.constant('spatial'),
      on: fc.oneof(path, fc.tuple(path, path)),
      dimensions: fc.constantFrom(
        ['float64', 'date'],
        [{ type: 'float', min: -180, max: 180.5, bits: 20 }, 'int8'],
      ),
      ...{ missing: some(fc.constantFrom('skip', 'error')), ...others },
    })
    await typedAgain(fc.oneof(property, spatial), SEED)
  })

  it('JSON has what the API returns', async () => {
    using prompt = await people('msgpack', 'json')
    await prompt.say('index of of; index place at --spatial --dimensions float64,float64')
    expect(await prompt.say('index of --limit 1')).toEqual(['["Bern","ann"]'])
    expect(await prompt.say('indexes')).toEqual([
      '{"name":"of","on":"of"}',
      '{"name":"place","kind":"spatial","on":"at","dimensions":["float64","float64"]}',
    ])
    const value = '{"of":"Bern","age":30,"tags":["a","b"],"at":[7.4,46.9]}'
    expect(await prompt.say('where age = 30')).toEqual([`["ann",${value}]`])
    expect(await prompt.say('index place --limit 1')).toEqual([`["ann",${value},[7.4,46.9]]`])
    expect(await prompt.say('explain of = Bern')).toEqual([
      '{"plan":"index","steps":[{"index":"of","count":2}],"filter":false,"sorted":false}',
    ])
    expect(await prompt.say('drop-index of')).toEqual(['6'])
  })

  it('a terminal is told what was made', async () => {
    using prompt = await people('msgpack', 'terminal')
    expect(await prompt.say('index of of')).toEqual(['a new index of 3 keys, version 4'])
    expect(await prompt.say('index of of')).toEqual(['it is there already'])
    expect(await prompt.say('index of --eq Zug')).toEqual(['index key  key', 'Zug        cid'])
    expect(await prompt.say('drop-index of')).toEqual(['version 5'])
    expect(await prompt.say('indexes')).toEqual(['(nothing)'])
  })

  it('belong to the store that is entered', async () => {
    using prompt = await people()
    await prompt.say('index of of; store pets; put rex {"of": "Zug"}; index home of')
    expect(await prompt.say('indexes')).toEqual(['home\tof'])
    expect(await prompt.say('index home')).toEqual(['Zug\trex'])
    expect(keysOf(await prompt.say('where of = Zug --no-scan'))).toEqual(['rex'])
    expect(await prompt.say('store; indexes')).toEqual(['of\tof'])
  })

  it('are completed by name', async () => {
    using prompt = await people()
    await prompt.say('index of of; index "my index" age')
    const offered = (line: string) => complete(prompt.session, line)[0]
    expect(offered('index ')).toEqual(['"my index" ', 'of '])
    expect(offered('drop-index o')).toEqual(['of '])
    expect(offered('where --index=o')).toEqual(['--index=of '])
    expect(offered('explain --order m')).toEqual(['"my index" '])
    expect(offered('nearest [1,1] 1 --index o')).toEqual(['of '])
    expect(offered('index x of --missing n')).toEqual(['null '])
    await prompt.say('at 4')
    expect(offered('index ')).toEqual(['of '])
  })
})

describe('at older versions', () => {
  it('an index is as old as what it leads to', async () => {
    using prompt = await people()
    await prompt.say('index of of; tag made; delete ann; put dan {"of": "Zug"}')
    expect(await prompt.say('index of')).toEqual(['Bern\tbob', 'Zug\tcid', 'Zug\tdan'])
    expect(await prompt.say('index of --at made --limit 1')).toEqual(['Bern\tann'])
    expect(keysOf(await prompt.say('where of = Bern --at made'))).toEqual(['ann', 'bob'])
    expect(await prompt.say('explain of = Bern --at made')).toContain('step    of: 2')
    await prompt.say('at made')
    expect(await prompt.say('index of --eq Zug')).toEqual(['Zug\tcid'])
    expect(keysOf(await prompt.say('where of = Bern --no-scan'))).toEqual(['ann', 'bob'])
    expect(keysOf(await prompt.say('where of = Zug --at now'))).toEqual(['cid', 'dan'])
  })

  it('before it was made, and after it was dropped', async () => {
    using prompt = await people()
    await prompt.say('index of of')
    expect((await prompt.say('index of --at 3'))[1]).toBe(
      '  it is there now, but was not then, or was another: `indexes --at VIEW` lists those of a version',
    )
    await prompt.say('drop-index of')
    const dropped = [
      'index of is no longer there (ZVERSE_UNKNOWN_INDEX)',
      '  only what is there now can be read by itself; `where` uses it at that version all the same',
    ]
    expect(await prompt.say('index of --at 4')).toEqual(dropped)
    await prompt.say('at 4')
    expect(await prompt.say('index of')).toEqual(dropped)
    expect(keysOf(await prompt.say('where of = Bern --no-scan'))).toEqual(['ann', 'bob'])
  })

  it('none is made, and none dropped', async () => {
    using prompt = await people()
    await prompt.say('index of of; at 4')
    for (const line of ['index age age', 'drop-index of']) {
      expect((await prompt.say(line))[0]).toMatch(
        /^the prompt is at 4, in the past: no index can be/,
      )
    }
  })
})

describe('in a transaction', () => {
  it('reads see what it has changed', async () => {
    using prompt = await people()
    await prompt.say('index of of; index place at --spatial --dimensions float64,float64')
    await prompt.say('begin; delete ann; put dan {"of": "Bern", "at": [1, 1]}')
    expect(await prompt.say('index of --eq Bern')).toEqual(['Bern\tbob', 'Bern\tdan'])
    expect(keysOf(await prompt.say('where of = Bern --no-scan'))).toEqual(['bob', 'dan'])
    expect(await prompt.say('explain of = Bern')).toContain('step    of: 2')
    expect(keysOf(await prompt.say('index place --limit 1'))).toEqual(['dan'])
    expect(keysOf(await prompt.say('nearest [1,1] 1 --index place'))).toEqual(['dan'])
    expect(await prompt.say('index of --eq Bern --at 5')).toEqual(['Bern\tann', 'Bern\tbob'])
    await prompt.say('abort')
    expect(await prompt.say('index of --eq Bern')).toEqual(['Bern\tann', 'Bern\tbob'])
  })

  it('none is made or dropped, and uniqueness is judged at the end', async () => {
    using prompt = await people()
    await prompt.say('index age age --unique; begin; put dan {"age": 40}')
    for (const [line, what] of [
      ['index of of', 'making'],
      ['drop-index age', 'dropping'],
    ]) {
      expect(await prompt.say(line)).toEqual([
        `${what} an index has to wait: a transaction is open`,
        '  `commit` or `abort` it first',
      ])
    }
    expect(await prompt.say('commit')).toEqual([
      'another entry has this key of the unique index "age" already (ZVERSE_NOT_UNIQUE)',
      expect.stringMatching(/^ {2}(bob|dan) has 40 there: change or delete one of the two$/),
    ])
    expect(await prompt.say('has dan')).toEqual(['false'])
  })
})

it('refusals say what to do', async () => {
  using prompt = await people()
  await prompt.say('index of of; index age age --unique')
  const refusals: [string, string, string?][] = [
    ['index on', 'there is no index "on"', 'did you mean of? indexes: age, of'],
    ['drop-index zzz', 'there is no index "zzz"', 'indexes: age, of'],
    ['index of age', 'definition of index "of": it was made as', '`drop-index NAME` drops it'],
    ['index of --unique', '--unique is for making an index', '`index of PATH --unique` makes one'],
    ['index of of --limit 1', '--limit is for reading an index', '`index of` without paths reads'],
    ['index x a..b', 'on must be a path'],
    ['index x of --unique', 'another entry has this key', 'ann has "Bern" there: change or delete'],
    ['index x zip --missing error', 'the value has nothing at zip', 'an index made with --missing'],
    ['put dan {"age": 30}', 'another entry has this key', 'ann has 30 there: change or delete'],
    ['put dan {"of": {}}', 'the value has at of what can be no index key', 'an index made with'],
    ['index of --eq {"a":1}', 'index key must be null,', 'index keys are words as of codec tuple'],
    ['index of --gt a --gte b', 'gt excludes gte'],
    [
      'where zip = 1 --no-scan',
      'the query has no index that serves',
      '`index NAME PATH` makes one;',
    ],
    ['where --index zip', 'there is no index "zip"', 'indexes: age, of'],
    ['where of=Bern', 'a condition is PATH OPERATOR VALUE, not of=Bern', 'for example city = Bern'],
    [
      'where of = Bern age',
      'a condition is PATH OPERATOR VALUE, not age',
      'for example city = Bern',
    ],
    ['where of ~ Bern', 'there is no operator ~', 'there are = != < <= > >= in has prefix box'],
    ['where of = a of eq b', 'of eq is given twice', 'all conditions must hold; `or` needs'],
    ['where {"of": {"like": 1}}', 'query has "like" at of', 'for example `where city = Bern'],
    ['where {"of": 1} 2', 'a query takes no further word: 2', 'or and not are parts'],
    ['where {"of":,}', 'bad JSON: unexpected "," at position 7', '{"of":,}'],
  ]
  for (const [line, message, hint] of refusals) {
    const [first, second] = await prompt.say(line)
    expect(first, line).toContain(message)
    if (hint !== undefined) expect(second, line).toMatch(`  ${hint}`)
    else expect(second, line).toBeUndefined()
  }
  await prompt.say('store texts --values string; put a hello')
  expect((await prompt.say('index of'))[1]).toBe(
    '  there are no indexes here: `index NAME PATH` makes one',
  )
  expect(await prompt.say('index x of')).toEqual([
    'on needs values with paths, msgpack or json: these are "string" (ZVERSE_INVALID_OPTION)',
    '  `store NAME --values msgpack` makes a store whose values have paths',
  ])
})

describe('from the shell', () => {
  it('on a directory', () => {
    using place = folder()
    const run = (...args: string[]) => zverse(args, '', place.path)
    run('put', 'ann', '{"of":"Bern","age":30}', '--to', 'data', '--create')
    expect(run('index', 'of', 'of', '--to', 'data').out).toBe('2\n')
    expect(run('index', 'age', 'age', '--unique', '--from', 'data', '--json').out).toBe('3\n')
    expect(run('indexes', '--from', 'data').out).toBe('age\tage --unique\nof\tof\n')
    expect(run('index', 'of', '--from', 'data', '--json').out).toBe('["Bern","ann"]\n')
    expect(run('index', 'age', '--gte', '-5', '--from', 'data').out).toBe('30\tann\n')
    const found = 'ann\t{"of":"Bern","age":30}\n'
    expect(run('where', 'age', '>=', '-5', '--from', 'data', '--no-scan').out).toBe(found)
    expect(run('where', '{"of":"Bern"}', '--index', 'of', '--from', 'data').out).toBe(found)
    expect(run('explain', 'of', '=', 'Bern', '--from', 'data').out).toMatch(/^plan {4}index\n/)
    expect(run('drop-index', 'of', '--from', 'data').out).toBe('4\n')
    expect(run('index', 'of', '--from', 'data', '--at', '3').code).toBe(1)
  })

  it('on a dump, which keeps what it is told to', () => {
    using place = folder()
    const run = (...args: string[]) => zverse(args, '', place.path)
    run('put', 'ann', '{"of":"Bern"}', '--to', 'a.jsonl')
    expect(run('index', 'of', 'of', '--from', 'a.jsonl').err).toMatch(
      /^zverse: the changes of index would be lost\n/,
    )
    expect(run('index', 'of', 'of', '--from', 'a.jsonl', '--to', 'a.jsonl').out).toBe('2\n')
    expect(run('index', 'of', '--from', 'a.jsonl').out).toBe('Bern\tann\n')
    expect(run('index', 'of').err).toMatch(/^zverse: index has no database to read\n/)
    expect(run('drop-index', 'of', '--from', 'a.jsonl').err).toMatch(/would be lost\n/)
  })

  it('in a script', () => {
    const { out, err, code } = zverse([], 'put a {"of":"Bern"}\nindex of of\nindex of\nindex on\n')
    expect(out).toBe('1\n2\nBern\ta\n')
    expect(err).toMatch(/^zverse: line 4: there is no index "on".*\n {2}did you mean of\?/)
    expect(code).toBe(1)
  })
})
