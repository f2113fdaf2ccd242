/** Indexes of vectors at the prompt: making them, what `similar` prints, and refusals. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { complete } from '../../lib/cli/complete.js'
import { folder } from './fixtures.js'
import { keysOf, Prompt } from './saying.js'
import { typedAgain } from './typed-again.js'
import { zverse } from './zverse.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))

const FRUIT = [
  'put fig {"v": [9,1], "is": "fruit"}',
  'put lemon {"v": [1,9], "is": "fruit"}',
  'put plum {"v": [7,4], "is": "fruit"}',
  'put rock {"is": "stone"}',
]
const MAKE = 'index taste v --vector --dims 2 --metric euclid'
const FIG = 'fig\t0\t{"v":[9,1],"is":"fruit"}'
const PLUM = `plum\t${Math.sqrt(13)}\t{"v":[7,4],"is":"fruit"}`

/** A prompt with four entries, three of them with vectors, and an index of these at version 5. */
async function fruit(values?: string, form?: 'plain' | 'json' | 'terminal') {
  const prompt = new Prompt(values, form)
  for (const line of [...FRUIT, MAKE]) await prompt.say(line)
  return prompt
}

describe.each(['msgpack', 'json'])('of values of codec %s', values => {
  it('the nearest of an entry, and of numbers', async () => {
    using prompt = await fruit(values)
    expect(await prompt.say('similar taste fig 2')).toEqual([FIG, PLUM])
    expect(keysOf(await prompt.say('similar taste fig'))).toEqual(['fig', 'plum', 'lemon'])
    expect(keysOf(await prompt.say('similar taste [2,8] 1'))).toEqual(['lemon'])
    expect(await prompt.say('similar taste 2 --of fig')).toEqual([FIG, PLUM])
    expect(keysOf(await prompt.say('similar taste --of=lemon'))).toEqual(['lemon', 'plum', 'fig'])
    // As values show it, [2,8].
    const typed = '{"$typed":["Float32Array","AAAAQAAAAEE="]}'
    expect(keysOf(await prompt.say(`similar taste ${typed} 1`))).toEqual(['lemon'])
  })

  it('exactly, with more effort, within a distance, of those that a query finds', async () => {
    using prompt = await fruit(values)
    await prompt.say('put kiwi {"v": [8,1], "is": "berry"}; index is is')
    expect(await prompt.say('similar taste fig 3 --within 4 --exact')).toHaveLength(3)
    expect(keysOf(await prompt.say('similar taste fig --within 2 --effort 0.5'))).toEqual([
      'fig',
      'kiwi',
    ])
    expect(await prompt.say('similar taste fig 2 --where "is = fruit"')).toEqual([FIG, PLUM])
    const both = '--where {"or": [{"is": "berry"}, {"is": "stone"}]}'
    expect(keysOf(await prompt.say(`similar taste fig 2 ${both}`))).toEqual(['kiwi'])
    expect(keysOf(await prompt.say("similar taste fig --where ''"))).toHaveLength(4)
  })
})

it('of keys that are arrays', async () => {
  using prompt = new Prompt()
  await prompt.say('store points --keys tuple; put [1,2] {"v": [1,0]}; put 5 {"v": [0,1]}')
  await prompt.say('index v v --vector --dims 2')
  expect(keysOf(await prompt.say('similar v 1 --of [1,2]'))).toEqual(['[1,2]'])
  expect(keysOf(await prompt.say('similar v [0.1,0.9] 1'))).toEqual(['5'])
  expect(keysOf(await prompt.say('similar v 5 1'))).toEqual(['5'])
})

it('the index measures itself', async () => {
  using prompt = await fruit()
  expect(await prompt.say('similar taste --recall')).toEqual(['1'])
  expect(await prompt.say('similar taste 2 --recall --effort 0.5 --at 5')).toEqual(['1'])
})

it('of bytes an entry: another element, another metric', async () => {
  using prompt = await fruit()
  await prompt.say('index small v --vector --dims 2 --element int8 --metric dot --missing skip')
  expect(keysOf(await prompt.say('similar small fig 2'))).toEqual(['fig', 'plum'])
  await prompt.say('put wood {"v": "none"}')
  expect(await prompt.say('has wood')).toEqual(['false'])
  await prompt.say('drop-index taste; drop-index small')
  await prompt.say('index taste v --vector --dims 2 --invalid skip; put wood {"v": "none"}')
  expect(keysOf(await prompt.say('similar taste fig'))).toEqual(['fig', 'plum', 'lemon'])
})

it('any definition is listed as the words that make it again', async () => {
  const name = fc.string({ unit: fc.constantFrom(...`ab0 '"[]{};#=-\\é\t\u202e`), minLength: 1 })
  const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
  const vectors = fc.record({
    kind: fc.constant('vector'),
    on: fc.array(name, { minLength: 1, maxLength: 2 }).map(names => names.join('.')),
    dims: fc.integer({ min: 1, max: 16_384 }),
    metric: some(fc.constantFrom('cosine', 'dot', 'euclid')),
    element: some(fc.constantFrom('float32', 'int8')),
    missing: some(fc.constantFrom('skip', 'error')),
    invalid: some(fc.constantFrom('skip', 'error')),
  })
  await typedAgain(vectors, SEED)
})

it('JSON has what the API returns', async () => {
  using prompt = await fruit('msgpack', 'json')
  expect(await prompt.say('similar taste lemon 1')).toEqual([
    '{"key":"lemon","value":{"v":[1,9],"is":"fruit"},"distance":0}',
  ])
  expect(await prompt.say('indexes')).toEqual([
    '{"name":"taste","kind":"vector","on":"v","dims":2,"metric":"euclid"}',
  ])
  expect(await prompt.say('similar taste --recall')).toEqual(['1'])
})

it('a terminal is told what was made and measured', async () => {
  using prompt = await fruit('msgpack', 'terminal')
  expect(await prompt.say('index same v --vector --dims 2')).toEqual([
    'a new index of 3 vectors, version 6',
  ])
  expect(await prompt.say(MAKE)).toEqual(['it is there already'])
  expect(await prompt.say('similar taste fig 1')).toEqual([
    ...['key  distance  value', 'fig         0  {"v":[9,1],"is":"fruit"}'],
  ])
  expect(await prompt.say('similar taste 5 --recall')).toEqual(['100 % of the 5 nearest are found'])
})

it('names, keys and choices are completed', async () => {
  using prompt = await fruit()
  const offered = (line: string) => complete(prompt.session, line)[0]
  expect(offered('sim')).toEqual(['similar '])
  expect(offered('similar t')).toEqual(['taste '])
  expect(offered('similar taste p')).toEqual(['plum '])
  expect(offered('similar taste --of=r')).toEqual(['--of=rock '])
  expect(offered('similar taste fig --re')).toEqual(['--recall '])
  expect(offered('index x v --vector --metric e')).toEqual(['euclid '])
  expect(offered('index x v --vector --element ')).toEqual(['float32 ', 'int8 '])
})

describe('at older versions', () => {
  it('an index is as old as what it leads to', async () => {
    using prompt = await fruit()
    await prompt.say('tag made; delete plum; put fig {"v": [1,8]}')
    expect(keysOf(await prompt.say('similar taste lemon'))).toEqual(['lemon', 'fig'])
    expect(await prompt.say('similar taste fig 2 --at made')).toEqual([FIG, PLUM])
    await prompt.say('at made')
    expect(await prompt.say('similar taste fig 2')).toEqual([FIG, PLUM])
    expect(keysOf(await prompt.say('similar taste [1,8] 1 --at now'))).toEqual(['fig'])
    expect(await prompt.say('similar taste --recall')).toEqual(['1'])
    expect((await prompt.say(MAKE))[0]).toMatch(/in the past: no index can be made there$/)
  })

  it('before it was made, and after it was dropped', async () => {
    using prompt = await fruit()
    expect((await prompt.say('similar taste fig --at 4'))[1]).toMatch(
      /it is there now, but was not/,
    )
    await prompt.say('drop-index taste')
    expect(await prompt.say('similar taste fig --at 5')).toEqual([
      'index taste is no longer there (ZVERSE_UNKNOWN_INDEX)',
      '  only what is there now can be read by itself',
    ])
  })
})

it('in a transaction reads see what it has changed', async () => {
  using prompt = await fruit()
  await prompt.say('begin; delete plum; put kiwi {"v": [9,2]}')
  expect(keysOf(await prompt.say('similar taste fig 2'))).toEqual(['fig', 'kiwi'])
  expect(keysOf(await prompt.say('similar taste kiwi 1'))).toEqual(['kiwi'])
  expect(await prompt.say('similar taste fig 2 --at now')).toEqual([FIG, PLUM])
  expect(await prompt.say('similar taste --recall')).toEqual(['1'])
  expect(await prompt.say('similar taste plum')).toEqual([
    'there is no key plum',
    '  QUERY is the key of an entry, or numbers: [1,0,…]',
  ])
  expect((await prompt.say('index x v --vector --dims 2'))[0]).toBe(
    'making an index has to wait: a transaction is open',
  )
  await prompt.say('abort')
  expect(await prompt.say('similar taste fig 2')).toEqual([FIG, PLUM])
})

it('refusals say what to do', async () => {
  using prompt = await fruit()
  await prompt.say('index is is')
  const vectors = 'is not for an index of vectors: an entry has one vector there'
  const one = 'the query must have 2 finite numbers'
  const takes = '`similar taste KEY` takes the vector of an entry; a KEY that is an array, --of'
  const measures = '--recall measures the index, not one answer'
  const recall = 'similar NAME [N] --recall [--effort X]'
  const refusals: [string, string, string?][] = [
    ['index taste', 'the vectors of index taste have no order', '`similar taste KEY` finds the'],
    ['index taste --limit 1', 'the vectors of index taste have no order', '`similar taste KEY`'],
    ['index taste --dims 2', '--dims is for making an index', '`index taste PATH --dims` makes'],
    ['index x v --vector', '--vector needs --dims', 'how many numbers each vector has: --dims 384'],
    ['index x v --dims 2', '--dims is for an index of vectors', 'add --vector'],
    ['index x v --metric dot', '--metric is for an index of vectors', 'add --vector'],
    ['index x v --spatial --element int8', '--element is for an index of vectors', 'add --vector'],
    ['index x v --vector --dimensions date', '--dimensions is for an index by place'],
    ['index x v w --vector --dims 2', 'an index of vectors takes one PATH', 'it leads to an array'],
    ['index x v --vector --dims 2 --unique', `--unique ${vectors}`],
    ['index x v --vector --dims 2 --multi', `--multi ${vectors}`],
    ['index x v --vector --dims 2 --spatial', `--spatial ${vectors}`],
    ['index x v --vector --dims x', '--dims must be a whole number, not x'],
    ['index x v --vector --dims 0', 'dims must be a number from 1 to 16384'],
    ['index x v --vector --dims 2 --metric cos', "metric must be 'cosine', 'dot' or 'euclid'"],
    ['index x v --vector --dims 3', 'the value has at v what can be no index key', 'an index made'],
    ['nearest [1,1] 2 --index taste', 'index taste is not by place: it has vectors', '`similar ta'],
    ['similar', 'similar needs NAME', 'similar NAME [QUERY] [N]'],
    ['similar is fig', 'index is has no vectors', '`index NAME PATH --vector --dims N` makes one'],
    ['similar tast fig', 'there is no index "tast"', 'did you mean taste? indexes: is, taste'],
    ['similar taste', 'similar needs QUERY', '`similar taste KEY`, or numbers: [1,0,…]'],
    [
      'similar taste kong',
      'there is no key kong',
      'QUERY is the key of an entry, or numbers: [1,0',
    ],
    ['similar taste rock', 'rock has no vector in index taste'],
    ['similar taste [1,2,3]', one, takes],
    ['similar taste ["a"]', one, takes],
    ['similar taste [1,', '[ is never closed'],
    ['similar taste fig x', 'N must be a whole number, not x'],
    ['similar taste fig 2 --of plum', '--of stands in the place of QUERY', 'similar NAME [N] --of'],
    ['similar taste fig --effort 0', 'effort must be a number above 0'],
    ['similar taste fig --within far', '--within must be a number, not far'],
    ['similar taste fig --where is=stone', 'a condition is PATH OPERATOR VALUE, not is=stone'],
    ['similar taste fig --where "is = a; b"', '--where takes one query, not "is = a; b"'],
    ['similar taste fig --where {"is": {"like": 1}}', 'query has "like" at is', 'for example'],
    ['similar taste fig --recall', measures, recall],
    ['similar taste 5 --recall --exact', measures, recall],
  ]
  for (const [line, message, hint] of refusals) {
    let said: string[]
    try {
      said = await prompt.say(line)
    } catch (error) {
      said = [(error as Error).message]
    }
    expect(said[0], line).toContain(message)
    if (hint !== undefined) expect(said[1], line).toContain(`  ${hint}`)
  }
})

describe('from the shell', () => {
  it('on a directory', () => {
    using place = folder()
    const run = (...args: string[]) => zverse(args, '', place.path)
    run('put', 'fig', '{"v":[9,1],"is":"fruit"}', '--to', 'data', '--create')
    run('put', 'plum', '{"v":[7,4],"is":"fruit"}', '--to', 'data')
    const made = run('index', 'taste', 'v', '--vector', '--dims', '2', '--to', 'data')
    expect(made).toMatchObject({ out: '3\n', code: 0 })
    expect(run('indexes', '--from', 'data').out).toBe('taste\tv --vector --dims 2\n')
    expect(keysOf([run('similar', 'taste', 'fig', '1', '--from', 'data').out])).toEqual(['fig'])
    const chosen = ['--where', 'is = fruit', '--exact', '--from', 'data']
    expect(run('similar', 'taste', '[7,5]', ...chosen).out).toMatch(/^plum\t.*\nfig\t.*\n$/)
    expect(run('similar', 'taste', '[7,-5]', '1', '--from', 'data').out).toMatch(/^fig\t/)
    expect(run('similar', 'taste', '--recall', '--from', 'data', '--json').out).toBe('1\n')
    expect(run('similar', 'taste', 'fig').err).toMatch(/^zverse: similar has no database to read\n/)
  })

  it('on a dump, which keeps the definition', () => {
    using place = folder()
    const run = (...args: string[]) => zverse(args, '', place.path)
    run('put', 'fig', '{"v":[9,1]}', '--to', 'a.jsonl')
    const files = ['--from', 'a.jsonl', '--to', 'b.jsonl']
    expect(run('index', 'taste', 'v', '--vector', '--dims', '2', ...files).out).toBe('2\n')
    expect(run('similar', 'taste', 'fig', '--from', 'b.jsonl').out).toMatch(/^fig\t.*\n$/)
  })
})
