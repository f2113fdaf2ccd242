/** The lexer: words and values of lines; every printed key or value reads back as itself. */
import { inspect, isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { keyForm, parseJson, valueForm } from '../../lib/cli/literals.js'
import { asWord, Lexer, oneLine, tokensOf, type Word } from '../../lib/cli/words.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const RUNS = { seed: SEED, numRuns: 1000 }

const word = (text: string, form: Word['form'] = 'bare') => ({ is: 'word', form, text })
const option = (name: string, value?: object) => ({ is: 'option', name, value })

it.each([
  ['get a', [word('get'), word('a')]],
  ['  get\ta  ', [word('get'), word('a')]],
  ['', []],
  ['# put a 1', []],
  ['\'a b\' "c\\n\\"d"', [word('a b', 'quoted'), word('c\n"d', 'quoted')]],
  ["it's", [word("it's")]],
  [`'\\' ""`, [word('\\', 'quoted'), word('', 'quoted')]],
  ['[1, [2, "]"]] {"a": "}\\""}', [word('[1, [2, "]"]]', 'json'), word('{"a": "}\\""}', 'json')]],
  [
    '--at 3 --at=3 --reverse',
    [option('at'), word('3'), option('at', word('3')), option('reverse')],
  ],
  [
    '--prefix="a b" --box=[[1],[2]] --x=',
    [
      option('prefix', word('a b', 'quoted')),
      option('box', word('[[1],[2]]', 'json')),
      option('x', word('', 'quoted')),
    ],
  ],
  ['-1 - -- --é', [word('-1'), word('-'), word('--'), word('--é')]],
  [
    'a;b; ;',
    [word('a'), { is: 'separator' }, word('b'), ...[1, 2].map(() => ({ is: 'separator' }))],
  ],
  ['{"a":\n1}\nb', [word('{"a":\n1}', 'json'), word('b')]],
  ['"a\nb" \'c\n\nd\'', [word('a\nb', 'quoted'), word('c\n\nd', 'quoted')]],
])('%j', (text, tokens) => {
  expect(tokensOf(text)).toEqual(tokens)
})

it.each([
  ['put a [1, 2', '[ is never closed: it was opened in column 7'],
  ['put a {"b": [1\n2', '[ is never closed: it was opened in column 7 of line 1 of the command'],
  ["put a 'x", "' is never closed: it was opened in column 7"],
  ['put a "x\\"', '" is never closed: it was opened in column 7'],
  ['[1}', '} in column 3 does not close ['],
  ['"a"b', 'a space is missing before "b" in column 4'],
  ['"\\x"', 'a bad escape in "…" in column 2'],
])('%j is refused', (text, message) => {
  expect(() => tokensOf(text)).toThrow(message)
})

it('a command of many lines costs what its length costs', () => {
  const lexer = new Lexer()
  lexer.feed('put a [')
  for (let i = 0; i < 200_000; i++) lexer.feed(`{"n": ${i}},`)
  lexer.feed('0]')
  expect(lexer.isOpen).toBe(false)
  expect(lexer.take()).toHaveLength(3)
})

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'ab0 -;\'"\\[]{}#\n\t\0\x1b\x7f\x9b\u2028\u202e\u200d=,') }),
  fc.constantFrom('', '-', '--', '--x', '007', '1', 'true', 'null', '0x', '0xab', '#', '-1', '1e5'),
)
const bytes = fc.uint8Array({ maxLength: 20 })
const json = fc.jsonValue({ depthSize: 'small' })
const tuple = fc.letrec(tie => ({
  key: fc.oneof(
    ...[text, fc.double({ noNaN: true }), fc.integer(), fc.boolean(), fc.constant(null), bytes],
    fc.array(tie('key'), { maxLength: 4 }),
  ),
})).key
const msgpack = fc.letrec(tie => ({
  value: fc.oneof(
    ...[text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null), bytes, fc.bigInt()],
    ...[fc.date({ noInvalidDate: true }), fc.array(tie('value'), { maxLength: 3 })],
    fc.array(fc.tuple(text, tie('value')), { maxLength: 3 }).map(pairs => new Map(pairs)),
    fc.dictionary(text, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value
const point = fc.tuple(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.date({ noInvalidDate: true }),
)

it.each([
  ['keys as string', keyForm('string'), text],
  ['keys as binary', keyForm('binary'), bytes],
  ['keys as tuple', keyForm('tuple'), tuple],
  ['keys as points', keyForm('zorder(float64,date)'), point],
  ['values as msgpack', valueForm('msgpack'), msgpack],
  ['values as json', valueForm('json'), json],
  ['values as string', valueForm('string'), text],
  ['values as binary', valueForm('binary'), bytes],
])('%s read back as they were printed', (_, form, arbitrary) => {
  fc.assert(
    fc.property(arbitrary as fc.Arbitrary<unknown>, value => {
      const printed = form.write(value as never)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not reach a terminal
      expect(printed).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028-\u202e]/)
      const tokens = tokensOf(`put ${printed} end`)
      expect(tokens).toHaveLength(3)
      const back = form.read(tokens[1] as Word)
      if (!isDeepStrictEqual(normal(back), normal(value))) {
        throw new Error(`${printed}: ${inspect(value)} came back as ${inspect(back)}`)
      }
    }),
    RUNS,
  )
})

/** -0 as a number of JSON is 0. */
function normal(value: unknown): unknown {
  if (Object.is(value, -0)) return 0
  if (Array.isArray(value)) return value.map(normal)
  if (typeof value !== 'object' || value === null) return value
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    return value instanceof Map ? new Map([...value].map(([k, v]) => [k, normal(v)])) : value
  }
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, normal(v)]))
}

it('a command of several lines is one in the history', () => {
  fc.assert(
    fc.property(fc.array(text), words => {
      const line = words.map(asWord).join('\n')
      const tokens = tokensOf(words.map(w => JSON.stringify(w)).join(' '))
      expect(oneLine(tokens)).not.toMatch(/\n/)
      const back = tokensOf(oneLine(tokens)) as Word[]
      expect(back.map(w => w.text)).toEqual(words)
      expect((tokensOf(line) as Word[]).map(w => w.text)).toEqual(words)
    }),
    RUNS,
  )
})

it.each([
  ['{"a": }', 'bad JSON: unexpected "}" at position 7'],
  ['[1, 2', 'bad JSON: it ends too early at position 6'],
  ['{"a": tru}', 'bad JSON: unexpected "t" at position 7'],
])('%j', (text, message) => {
  for (const parse of [undefined, JSON.parse]) {
    expect(() => parseJson(text, parse)).toThrow(message)
  }
})
