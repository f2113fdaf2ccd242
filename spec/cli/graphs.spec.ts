/** Graphs at the prompt: what their commands print, at views and in transactions, and their refusals. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { complete } from '../../lib/cli/complete.js'
import { folder } from './fixtures.js'
import { Prompt } from './saying.js'
import { zverse } from './zverse.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))

const ROADS = [
  'graph roads',
  'link bern thun {"km": 26}',
  'link bern zug {"km": 120}',
  'link thun zug {"km": 90}',
  'link zug bern {"km": 121} --type rail',
]

/** A prompt with four roads, in their graph, at version 5. */
async function roads(values?: string, form?: 'plain' | 'json' | 'terminal') {
  const prompt = new Prompt(values, form)
  for (const line of ROADS) await prompt.say(line)
  return prompt
}

const THUN = 'bern\t""\tthun\t{"km":26}'
const ZUG = 'bern\t""\tzug\t{"km":120}'
const OVER = 'thun\t""\tzug\t{"km":90}'
const RAIL = 'zug\trail\tbern\t{"km":121}'

describe.each(['msgpack', 'json'])('of values of codec %s', values => {
  it('neighbours are the nodes at the other ends of edges, or the edges', async () => {
    using prompt = await roads(values)
    expect(await prompt.say('neighbours bern')).toEqual(['thun', 'zug'])
    expect(await prompt.say('neighbours bern --limit 1')).toEqual(['thun'])
    expect(await prompt.say('neighbours bern --direction in')).toEqual(['zug'])
    expect(await prompt.say('neighbours bern --direction both')).toEqual(['thun', 'zug'])
    expect(await prompt.say('neighbours bern --direction both --type rail')).toEqual(['zug'])
    expect(await prompt.say('neighbours zug --type ""')).toEqual([])
    expect(await prompt.say('neighbours nowhere')).toEqual([])
    expect(await prompt.say('neighbours bern --edges')).toEqual([THUN, ZUG])
    expect(await prompt.say('neighbours bern --edges --limit 1')).toEqual([THUN])
    expect(await prompt.say('neighbours zug --edges --direction in')).toEqual([ZUG, OVER])
    expect(await prompt.say('neighbours zug --edges --direction in --limit 1')).toEqual([ZUG])
    const both = 'neighbours zug --edges --direction both'
    expect(await prompt.say(both)).toEqual([RAIL, ZUG, OVER])
    expect(await prompt.say(`${both} --limit 2`)).toEqual([RAIL, ZUG])
    expect(await prompt.say(`${both} --limit 0`)).toEqual([])
    expect(await prompt.say(`${both} --type rail`)).toEqual([RAIL])
    await prompt.say('link zug zug')
    expect(await prompt.say(both)).toEqual(['zug\t""\tzug\tnull', RAIL, ZUG, OVER])
  })

  it('a walk goes as far as edges lead, or as it is told', async () => {
    using prompt = await roads(values)
    const [thun, zug] = ['1\tthun\t["bern","","thun"]', '1\tzug\t["bern","","zug"]']
    expect(await prompt.say('walk bern')).toEqual([thun, zug])
    expect(await prompt.say('walk thun')).toEqual([
      ...['1\tzug\t["thun","","zug"]', '2\tbern\t["zug","rail","bern"]'],
    ])
    expect(await prompt.say('walk thun --depth 1')).toEqual(['1\tzug\t["thun","","zug"]'])
    expect(await prompt.say('walk thun --type ""')).toEqual(['1\tzug\t["thun","","zug"]'])
    expect(await prompt.say('walk thun --direction in')).toEqual([
      ...['1\tbern\t["bern","","thun"]', '2\tzug\t["zug","rail","bern"]'],
    ])
    expect(await prompt.say('walk bern --limit 1')).toEqual([thun])
    expect(await prompt.say('walk bern --limit 0')).toEqual([])
    await prompt.say('link thun genf')
    const genf = '2\tgenf\t["thun","","genf"]'
    expect(await prompt.say('walk bern')).toEqual([thun, zug, genf])
    expect(await prompt.say('walk bern --order breadth')).toEqual([thun, zug, genf])
    expect(await prompt.say('walk bern --order depth')).toEqual([thun, genf, zug])
  })

  it('a path has the fewest edges, or the least cost', async () => {
    using prompt = await roads(values)
    expect(await prompt.say('path bern zug')).toEqual([
      ...['nodes  bern zug', 'edge   ["bern","","zug"] {"km":120}', 'cost   1'],
    ])
    expect(await prompt.say('path bern zug --weight km')).toEqual([
      'nodes  bern thun zug',
      'edge   ["bern","","thun"] {"km":26}',
      'edge   ["thun","","zug"] {"km":90}',
      'cost   116',
    ])
    const [, , cost] = await prompt.say('path bern zug --weight km --max-depth 1')
    expect(cost).toBe('cost   120')
    expect(await prompt.say('path bern thun --direction in')).toEqual([
      'nodes  bern zug thun',
      'edge   ["zug","rail","bern"] {"km":121}',
      'edge   ["thun","","zug"] {"km":90}',
      'cost   2',
    ])
    expect(await prompt.say('path bern bern')).toEqual(['nodes  bern', 'cost   0'])
    for (const none of ['bern nowhere', 'zug bern --type ""', 'thun bern --max-depth 1']) {
      expect(await prompt.say(`path ${none}`)).toEqual(['(no path)'])
    }
  })

  it('a weight lies in the value, deep or at its top', async () => {
    using prompt = new Prompt(values)
    await prompt.say(
      'graph g; link a b {"road": {"km": [1, 7]}}; link b c {"road": {"km": [3, 4]}}',
    )
    const costOf = async (line: string) => (await prompt.say(line)).at(-1)
    expect(await costOf('path a c --weight road.km.1')).toBe('cost   11')
    await prompt.say('link a b 0.5; link b c 2; link a c {"value": 9}')
    expect(await costOf('path a c --weight value')).toBe('cost   2.5')
    await prompt.say('unlink a b')
    expect(await costOf('path a c --weight value')).toBe('cost   9')
  })

  it('a value without a weight is refused, with its edge', async () => {
    using prompt = await roads(values)
    const hint = '  a weight is a number ≥ 0, in the values of all edges on the way'
    for (const [value, path, says] of [
      ['', 'km', 'nothing at km'],
      ['{"km": "far"}', 'km', '"far" at km'],
      ['{"km": -1}', 'km', '-1 at km'],
      ['{"km": {"$bigint": "1"}}', 'km', `{"$bigint":"1"} at km`],
      ['{"km": []}', 'km.length', 'nothing at km.length'],
      ['{}', 'toString', 'nothing at toString'],
      ['"26"', 'value', '"26" at value'],
      ['', 'value', 'null at value'],
      ['{}', '"my km"', 'nothing at "my km"'],
    ]) {
      await prompt.say(`link thun zug ${value}; link bern thun {"km": 1}`)
      const [first, second] = await prompt.say(`path thun bern --weight ${path}`)
      expect(first, value).toBe(`edge ["thun","","zug"] has ${says}`)
      expect(second).toBe(hint)
    }
    // An edge that is not looked at needs none.
    expect(await prompt.say('path bern thun --weight km')).toContain('cost   1')
  })
})

describe('a graph', () => {
  it('is made once, and entered', async () => {
    using prompt = new Prompt()
    expect(await prompt.say('graph roads')).toEqual(['1'])
    expect(prompt.session.prompt).toBe('zverse:roads')
    expect(await prompt.say('link a b; store; graph roads')).toEqual(['2'])
    expect(await prompt.say('get ["a","","b"]')).toEqual(['null'])
    expect(await prompt.say('stores')).toEqual(['roads\ttuple\tmsgpack'])
    expect(await prompt.say('store; store roads; neighbours a')).toEqual(['b'])
    expect(await prompt.say('stores --drop roads; graph')).toEqual(['3'])
  })

  it('has values as they are asked for', async () => {
    using prompt = new Prompt('json')
    await prompt.say('graph a; graph b --values string; link x y 007')
    expect(await prompt.say('neighbours x --edges')).toEqual(['x\t""\ty\t"007"'])
    expect(await prompt.say('graph')).toEqual(['a\tjson', 'b\tstring'])
    expect(await prompt.say('graph b --values string')).toEqual([])
    expect(await prompt.say('link x z')).toEqual([
      'value must be a string, not null (ZVERSE_INVALID_VALUE)',
      '  values here are of codec string: `help values-as`',
    ])
  })

  it('is made of a store that has such keys', async () => {
    using prompt = new Prompt('msgpack', 'terminal')
    await prompt.say('store s --keys tuple; put ["a","","b"] 1; put ["c","","b"] 2')
    expect(await prompt.say('graph')).toEqual(['(nothing)'])
    expect(await prompt.say('graph s')).toEqual(['a new graph of 2 edges, version 4'])
    expect(await prompt.say('neighbours b --direction in')).toEqual(['node', 'a', 'c'])
    expect(await prompt.say('graph')).toEqual(['name  values', 's     msgpack'])
    expect(await prompt.say('graph s')).toEqual([])
  })

  it('takes writes by keys, and is loaded from rows', async () => {
    using prompt = await roads()
    using place = folder()
    await prompt.say('batch put ["zug","","chur"] {"km": 130}; del ["bern","","zug"]')
    expect(await prompt.say('neighbours zug')).toEqual(['chur', 'bern'])
    expect(await prompt.say('neighbours zug --direction in')).toEqual(['thun'])
    const file = join(place.path, 'roads.csv')
    writeFileSync(file, 'from,kind,to,km\nchur,road,sils,70\nsils,road,lugano,110\n')
    expect(await prompt.say(`load ${file} --key from,kind,to --drop-key`)).toEqual(['7'])
    expect(await prompt.say('path zug lugano --weight km')).toContain('cost   310')
    expect(await prompt.say('where km >= 110')).toEqual([
      '["sils","road","lugano"]\t{"km":110}',
      '["zug","","chur"]\t{"km":130}',
      '["zug","rail","bern"]\t{"km":121}',
    ])
  })
})

describe('edges', () => {
  it('are added and removed, one of each type', async () => {
    using prompt = new Prompt()
    await prompt.say('graph g')
    expect(await prompt.say('link a b')).toEqual(['2'])
    expect(await prompt.say('link a b 1 --type t')).toEqual(['3'])
    expect(await prompt.say('link a b 2')).toEqual(['4'])
    expect(await prompt.say('neighbours a --edges')).toEqual(['a\t""\tb\t2', 'a\tt\tb\t1'])
    expect(await prompt.say('unlink a b --type none')).toEqual(['4'])
    expect(await prompt.say('unlink a b')).toEqual(['5'])
    expect(await prompt.say('neighbours a --edges')).toEqual(['a\tt\tb\t1'])
    await prompt.say('link b a; link c a; link a a; link b c')
    expect(await prompt.say('unlink a --all')).toEqual(['10'])
    expect(await prompt.say('range')).toEqual(['["b","","c"]\tnull'])
    expect(await prompt.say('unlink a --all')).toEqual(['10'])
    expect(await prompt.say('neighbours a --at 9')).toEqual(['a', 'b'])
  })

  it('a terminal is told the version, and that quotes make a string', async () => {
    using prompt = await roads('msgpack', 'terminal')
    expect(await prompt.say('link a b')).toEqual(['version 6'])
    expect(await prompt.say(`link a b '{"km": 1}'`)).toEqual([
      'version 7 (a string: without quotes it would be JSON)',
    ])
    expect(await prompt.say('unlink a b')).toEqual(['version 8'])
    expect(await prompt.say('neighbours zug --edges')).toEqual([
      ...['from  type  to    value', 'zug   rail  bern  {"km":121}'],
    ])
    expect(await prompt.say('walk bern')).toEqual([
      'depth  node  edge',
      '    1  thun  ["bern","","thun"]',
      '    1  zug   ["bern","","zug"]',
    ])
    expect(await prompt.say('path a b')).toEqual(['(no path)'])
  })

  it('any is removed by the words that it is listed with', async () => {
    const text = fc.string({ unit: fc.constantFrom(...`ab01 -;'"\\[]{}#=é\t\u202e`) })
    const node = fc.oneof(
      ...[
        text,
        fc.double({ noNaN: true }).map(number => number + 0),
        fc.boolean(),
        fc.constant(null),
      ],
      fc.uint8Array({ maxLength: 3 }),
      fc.array(fc.oneof(text, fc.integer()), { maxLength: 3 }),
    )
    using prompt = new Prompt()
    await prompt.say('graph g')
    const { entered, db } = prompt.session
    await fc.assert(
      fc.asyncProperty(node, text, node, async (from, type, to) => {
        entered?.verbs.put([from, type, to], 1)
        const word = prompt.session.keys.write(from)
        const [row] = await prompt.say(`neighbours ${word} --edges`)
        const [first, of, second, value] = row.split('\t')
        expect([first, value]).toEqual([word, '1'])
        const [step] = await prompt.say(`walk ${word}`)
        if (step !== undefined) expect(step.split('\t')[1]).toBe(second)
        expect(await prompt.say(`link ${first} ${second} 2 --type=${of}`)).toEqual([
          String(db.version),
        ])
        expect(entered?.verbs.count()).toBe(1)
        await prompt.say(`unlink ${first} ${second} --type ${of}`)
        expect(entered?.verbs.count()).toBe(0)
      }),
      { seed: SEED, numRuns: 200 },
    )
  })

  it('JSON has what the API returns', async () => {
    using prompt = await roads('msgpack', 'json')
    const edge = '{"from":"zug","to":"bern","type":"rail","value":{"km":121}}'
    expect(await prompt.say('neighbours bern')).toEqual(['"thun"', '"zug"'])
    expect(await prompt.say('neighbours zug --edges')).toEqual([edge])
    expect(await prompt.say('walk zug --limit 1')).toEqual([
      `{"node":"bern","depth":1,"edge":${edge}}`,
    ])
    expect(await prompt.say('path zug bern')).toEqual([
      `{"nodes":["zug","bern"],"edges":[${edge}],"cost":1}`,
    ])
    expect(await prompt.say('path zug nowhere')).toEqual(['null'])
    expect(await prompt.say('graph')).toEqual([
      '{"name":"roads","keys":"tuple","values":"msgpack"}',
    ])
    expect(await prompt.say('link a b')).toEqual(['6'])
    expect(await prompt.say('graph g')).toEqual(['7'])
  })

  it('nodes, types and graphs are completed', async () => {
    using prompt = await roads()
    await prompt.say('link "my town" 42; link [1,2] true --type "by air"')
    const offered = (line: string) => complete(prompt.session, line)[0]
    expect(offered('neighbours b')).toEqual(['bern '])
    expect(offered('path bern "my')).toEqual(['"my town" '])
    expect(offered('walk 4')).toEqual(['42 '])
    expect(offered('link [')).toEqual(['[1,2] '])
    expect(offered('unlink bern th')).toEqual(['thun '])
    expect(offered('neighbours ')).toEqual([
      ...['bern ', 'thun ', 'zug ', '"my town" ', '42 ', '[1,2] ', 'true '],
    ])
    expect(offered('walk bern --type ')).toEqual(['"" ', 'rail ', '"by air" '])
    expect(offered('walk bern --type=r')).toEqual(['--type=rail '])
    expect(offered('walk bern --direction b')).toEqual(['both '])
    expect(offered('walk bern --order ')).toEqual(['breadth ', 'depth '])
    expect(offered('path bern thun --')).toContain('--max-depth=')
    expect(offered('graph r')).toEqual(['roads '])
    await prompt.say('at 2')
    expect(offered('neighbours ')).toEqual(['bern ', 'thun '])
    await prompt.say('now; store')
    expect(offered('neighbours ')).toEqual([])
  })

  it('a node behind many others is offered for its beginning', async () => {
    using prompt = await roads()
    const { entered } = prompt.session
    entered?.verbs.batch(
      Array.from({ length: 3000 }, (_, i) => ({ type: 'put', key: [i, '', i + 1], value: null })),
    )
    expect(complete(prompt.session, 'neighbours be')[0]).toEqual(['bern '])
  })
})

describe('at older versions', () => {
  it('edges are as they were', async () => {
    using prompt = await roads()
    await prompt.say('tag four; unlink bern --all')
    expect(await prompt.say('neighbours bern')).toEqual([])
    expect(await prompt.say('neighbours bern --at four')).toEqual(['thun', 'zug'])
    expect(await prompt.say('neighbours zug --edges --direction both --at 4')).toEqual([ZUG, OVER])
    expect(await prompt.say('walk zug --at -1')).toHaveLength(2)
    expect(await prompt.say('path thun bern --at four')).toContain('cost   2')
    expect(await prompt.say('path bern zug --weight km --at 3')).toContain('cost   120')
    await prompt.say('at four')
    expect(await prompt.say('path thun bern')).toContain('cost   2')
    expect(await prompt.say('path thun bern --at now')).toEqual(['(no path)'])
    expect(await prompt.say('walk bern')).toHaveLength(2)
    expect(await prompt.say('graph roads')).toEqual([])
    expect(await prompt.say('at 0')).toEqual(['0'])
    expect(await prompt.say('neighbours bern --direction both')).toEqual([])
    expect(await prompt.say('restore four; neighbours bern --direction in')).toEqual(['7', 'zug'])
  })

  it('none is made, and none changed', async () => {
    using prompt = await roads()
    await prompt.say('store s --keys tuple; graph roads; at 5')
    for (const [line, what] of [
      ['graph s', 'no graph can be made there'],
      ['graph new', 'no graph can be made there'],
      ['link a b', 'nothing can be written there'],
      ['unlink bern thun', 'nothing can be written there'],
      ['unlink bern --all', 'nothing can be written there'],
    ]) {
      expect((await prompt.say(line))[0]).toBe(`the prompt is at 5, in the past: ${what}`)
    }
  })

  it('before the store became a graph its edges have one end', async () => {
    using prompt = new Prompt()
    await prompt.say('store s --keys tuple; put ["a","","b"] 1; graph s')
    expect(await prompt.say('neighbours a --at 2')).toEqual(['b'])
    expect(await prompt.say('path a b --weight value --at 2')).toContain('cost   1')
    for (const line of [
      'neighbours b --direction in',
      'path a b --direction in',
      'walk b --direction both',
    ]) {
      expect(await prompt.say(`${line} --at 2`)).toEqual([
        'store "s" was no graph at that version: its edges have one end there (ZVERSE_UNKNOWN_INDEX)',
        '  it became one later: there `neighbours` and `walk` find edges from nodes, with --direction out',
      ])
    }
    expect(await prompt.say('at 2; graph')).toEqual(['2'])
    expect(await prompt.say('at 3; graph')).toEqual(['3', 's\tmsgpack'])
  })
})

describe('in a transaction', () => {
  it('reads see what it has changed', async () => {
    using prompt = await roads()
    await prompt.say('begin')
    expect(await prompt.say('unlink bern thun')).toEqual(['6'])
    expect(await prompt.say('link bern chur {"km": 1}; link chur zug {"km": 2}')).toEqual([
      '6',
      '6',
    ])
    expect(await prompt.say('neighbours bern')).toEqual(['chur', 'zug'])
    expect(await prompt.say('neighbours zug --direction in')).toEqual(['bern', 'chur', 'thun'])
    expect(await prompt.say('path bern zug --weight km')).toContain('cost   3')
    expect(await prompt.say('walk bern')).toHaveLength(2)
    expect(await prompt.say('walk bern --at now')).toEqual([
      ...['1\tthun\t["bern","","thun"]', '1\tzug\t["bern","","zug"]'],
    ])
    expect(await prompt.say('path bern zug --weight km --at now')).toContain('cost   116')
    expect(await prompt.say('unlink zug --all')).toEqual(['6'])
    expect(await prompt.say('neighbours zug --direction both')).toEqual([])
    expect(await prompt.say('graph')).toEqual(['roads\tmsgpack'])
    expect(await prompt.say('abort; neighbours bern')).toEqual(['thun', 'zug'])
  })

  it('a graph is entered, and none made', async () => {
    using prompt = await roads()
    await prompt.say('store s --keys tuple; store; begin; graph roads; link a b')
    for (const name of ['s', 'new']) {
      expect(await prompt.say(`graph ${name}`)).toEqual([
        'making a graph has to wait: a transaction is open',
        '  `commit` or `abort` it first',
      ])
    }
    expect(await prompt.say('commit')).toEqual(['7'])
    expect(await prompt.say('neighbours a')).toEqual(['b'])
  })
})

it('a search that is interrupted stops', async () => {
  using prompt = await roads()
  prompt.session.interrupted = true
  expect(await prompt.say('path bern zug')).toEqual(['stopped'])
  prompt.session.interrupted = false
  expect(await prompt.say('path bern zug')).toContain('cost   1')
})

it('refusals say what to do', async () => {
  using prompt = await roads()
  const codec =
    'keys here are edges, ["a","type","b"]: nodes are words as of codec tuple, `help keys-as`'
  const refusals: [string, string, string?][] = [
    ['graph ""', 'the name of a graph must not be empty'],
    ['graph roads --values json', 'values of store "roads": it was made with', '`stores` lists'],
    ['put a 1', 'the key of an edge must be [from, type, to], and its type a string', codec],
    ['put ["a",1,"b"] 1', 'the key of an edge must be [from, type, to]', codec],
    ['neighbours {"a":1}', 'key[0] must be null, a boolean,', codec],
    ['neighbours', 'neighbours needs NODE', 'neighbours NODE [--direction out|in|both]'],
    ['neighbours a --direction up', '--direction must be out, in or both, not up'],
    ['neighbours a --edges --direction up', '--direction must be out, in or both, not up'],
    ['neighbours a --limit x', '--limit must be a whole number, not x'],
    ['walk a --depth -1', '--depth must be a whole number, not "-1"'],
    ['walk a --order up', "order must be 'breadth' or 'depth' (ZVERSE_INVALID_OPTION)"],
    ['path a', 'path needs TO', 'path FROM TO [--direction out|in|both]'],
    ['path a b --max-depth 1.5', '--max-depth must be a whole number, not 1.5'],
    ['path a b --weight a..b', '--weight must be a path, not a..b', 'names with dots, as road.km'],
    ['link a', 'link needs TO', 'link FROM TO [VALUE] [--type TYPE]'],
    ['unlink [1]', 'unlink needs TO', '`unlink [1] --all` removes all edges of [1]'],
    ['unlink a b --all', '--all is for one node: it takes no TO', 'unlink a --all'],
    ['unlink a --all --type t', '--all removes edges of all types: it has no', 'unlink a --all'],
    ['walk a --at 99', 'version 99 is not there yet', 'versions 0 to 5 can be read'],
  ]
  for (const [line, message, hint] of refusals) {
    const [first, second] = await prompt.say(line)
    expect(first, line).toContain(message)
    if (hint !== undefined) expect(second, line).toContain(`  ${hint}`)
    else expect(second, line).toBeUndefined()
  }
  for (const line of [
    'neighbours a',
    'walk a',
    'path a b',
    'link a b',
    'unlink a b',
    'unlink a --all',
  ]) {
    expect(await prompt.say(`store; ${line}`)).toEqual([
      'the unnamed store is no graph',
      '  `graph NAME` enters one, and makes it if there is none; of one command --store NAME names it',
    ])
  }
  await prompt.say('store "a b" --keys tuple; put [1] 1; store texts')
  expect(await prompt.say('walk a')).toEqual([
    'store texts is no graph',
    '  `graph NAME` makes a store that is one',
  ])
  expect(await prompt.say('graph texts')).toEqual([
    'keys of store "texts": it was made with string and msgpack (ZVERSE_INVALID_OPTION)',
    '  `stores` lists the codecs of all stores',
  ])
  expect(await prompt.say('store "a b"; walk a')).toEqual([
    'store "a b" is no graph',
    '  `graph "a b"` makes it one',
  ])
  expect(await prompt.say('graph "a b"')).toEqual([
    'the key of an edge must be [from, type, to], and its type a string (ZVERSE_INVALID_KEY)',
    '  store "a b" has other keys: under another name `graph` makes a new one',
  ])
})

describe('one-shot forms', () => {
  it('on a directory keep the graph there, and reading makes none', () => {
    using place = folder()
    const run = (line: string) => zverse(line.split(' '), '', place.path)
    expect(run('graph roads --to shop --create').out).toBe('1\n')
    expect(run('link bern zug {"km":120} --to shop --store roads').out).toBe('2\n')
    expect(run('link zug 42 {"km":5} --type rail --to shop --store roads').out).toBe('3\n')
    expect(run('graph --from shop').out).toBe('roads\tmsgpack\n')
    expect(run('neighbours zug --direction both --edges --from shop --store roads').out).toBe(
      'zug\trail\t42\t{"km":5}\nbern\t""\tzug\t{"km":120}\n',
    )
    expect(run('walk bern --from shop --store roads --json').out.split('\n')).toHaveLength(3)
    expect(run('path bern 42 --weight km --from shop --store roads').out).toMatch(/cost {3}125\n$/)
    expect(run('unlink zug --all --to shop --store roads').out).toBe('4\n')
    expect(run('walk bern --at 3 --from shop --store roads').out).toMatch(/^1\tzug\t/)
    expect(run('put a 1 --to shop').out).toBe('5\n')
    const refused = run('walk bern --from shop')
    expect([refused.out, refused.code]).toEqual(['', 1])
    expect(refused.err).toMatch(/^zverse: the unnamed store is no graph\n {2}.*--store NAME/)
    expect(run('walk bern --from shop --store rods').err).toMatch(/there is no store rods/)
    expect(run('graph new').err).toMatch(/^zverse: the changes of graph would be lost\n/)
    expect(run('graph new --from shop').out).toBe('6\n')
    expect(run('versions --from shop').out.split('\n')).toHaveLength(8)
  })

  it('a pipe names the line that failed', () => {
    const { out, err, code } = zverse([], 'graph g\nlink a b {"km": 1}\npath a b --weight m\n')
    expect([out, code]).toEqual(['1\n2\n', 1])
    expect(err).toMatch(/^zverse: line 3: edge \["a","","b"\] has nothing at m\n/)
  })

  it('on a dump, which is written back', () => {
    using place = folder()
    const run = (line: string) => zverse(line.split(' '), '', place.path)
    expect(run('graph roads --to a.jsonl').out).toBe('1\n')
    expect(run('link bern zug 1 --from a.jsonl --to b.jsonl --store roads').out).toBe('2\n')
    expect(run('graph --from b.jsonl').out).toBe('roads\tmsgpack\n')
    expect(run('neighbours zug --direction in --from b.jsonl --store roads').out).toBe('bern\n')
    expect(run('neighbours zug --direction in --at 1 --from b.jsonl --store roads').out).toBe('')
    expect(run('path bern zug --weight value --from b.jsonl --store roads').out).toMatch(
      /cost {3}1\n/,
    )
  })
})
