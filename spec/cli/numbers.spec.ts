/** Numbers as text: every printed number reads back; text beyond a number's precision is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inexactNumbers, numberIn, readsBack, refuseInexact } from '../../lib/cli/numbers.js'

const EXACT = [
  ...[
    '0',
    '-0',
    '0.0',
    '0e999',
    '1',
    '-1',
    '0.1',
    '007',
    '8.50',
    '+8.5',
    '.5',
    '5.',
    '1e1',
    '1E+2',
  ],
  ...['9007199254740991', '9007199254740992', '-9007199254740994', '9007199254740992.0', '1e23'],
  // Half-way between …2 and …3: JavaScript prints the one, others the other.
  ...['1727088754855143.2', '1727088754855143.3', '1727088754855143.25'],
  ...['12345678901234567000', '12345678901234567168', '0.10000000000000001', '123456789012345e-7'],
  ...['0.1000000000000000055511151231257827', '1.7976931348623157e308', '5e-324', '1e-300'],
  ...[
    '100000000000000000000000000000000',
    '0.000000000000000000000000001',
    '2.2250738585072014e-308',
  ],
]
const INEXACT = [
  ...['9007199254740993', '-9007199254740993', '9007199254740992.5', '12345678901234567890'],
  ...['1727088754855143.1', '1727088754855143.35', '4503599627370497.5'],
  ...['18446744073709551615', '0.1234567890123456789', '0.100000000000000004', '1e309', '-1e400'],
  ...[
    '1e999999999999',
    '1e-400',
    '3e-324',
    '1.8e308',
    '123456789012345678e3',
    `0.${'12'.repeat(60)}`,
  ],
]

describe('a number of a text', () => {
  it.each(EXACT)('%s reads back', text => expect(readsBack(text)).toBe(true))
  it.each(INEXACT)('%s does not', text => expect(readsBack(text)).toBe(false))

  it('reads back as it is printed, with however many digits', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 0, max: 98 }),
        (number, digits) => {
          expect(readsBack(String(number))).toBe(true)
          const printed = number.toPrecision(digits + 1)
          // Rounded up beyond the last number there is.
          if (Number.isFinite(Number(printed))) expect(readsBack(printed)).toBe(true)
          expect(readsBack(number.toExponential(digits))).toBe(readsBack(printed))
        },
      ),
      { numRuns: 1000 },
    )
    // Where halves are many.
    fc.assert(
      fc.property(fc.integer({ min: 45, max: 53 }), fc.nat(), fc.nat(), (bits, high, low) => {
        const number = (2 ** 52 + (high % 2 ** 22) * 2 ** 30 + (low % 2 ** 30)) / 2 ** (53 - bits)
        expect(readsBack(String(number)), String(number)).toBe(true)
      }),
      { numRuns: 5000 },
    )
  })

  it('that is whole reads back if it is that number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), whole => {
        const isSame = BigInt(Number(whole)) === whole
        // With zeros at its end it may be JavaScript's own text of the number.
        if (!isSame && whole % 10n === 0n) return
        expect(readsBack(String(whole)), String(whole)).toBe(isSame)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('numbers of JSON', () => {
  const found = (json: string) => [...inexactNumbers(json)].map(({ text, path }) => [text, ...path])

  it('that do not read back are found with their place, outside of strings', () => {
    expect(
      found(
        '{"9007199254740993":["9007199254740993",{"a\\"]}":-9007199254740993},1e999],"k":9007199254740993,"x":1}',
      ),
    ).toEqual([
      ['-9007199254740993', '9007199254740993', 1, 'a"]}'],
      ['1e999', '9007199254740993', 2],
      ['9007199254740993', 'k'],
    ])
    expect(found('9007199254740993')).toEqual([['9007199254740993']])
    expect(found('[[],{},[1,[2,9007199254740993]]]')).toEqual([['9007199254740993', 2, 1, 1]])
  })

  it('that a program printed are none of them', () => {
    fc.assert(
      fc.property(fc.jsonValue({ depthSize: 'small' }), fc.nat(3), (value, space) => {
        expect(found(JSON.stringify(value, null, space))).toEqual([])
      }),
    )
  })

  it('are found wherever they are', () => {
    const name = fc.oneof(fc.string(), fc.constantFrom('"', '\\', '[', '}', ',', ':', '1e999'))
    const step = fc.oneof(fc.nat(3), name)
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), path => {
        const mark = '9007199254740993'
        const json = path.reduceRight<string>((inner, step) => {
          if (typeof step === 'number') return `[${'"[1,",'.repeat(step)}${inner}, {"a":1}]`
          return `{"-": [1], ${JSON.stringify(step)} : ${inner} ,"z":"1e999"}`
        }, mark)
        JSON.parse(json)
        expect(found(json)).toEqual([[mark, ...path]])
      }),
    )
  })

  it('of a key are refused, others are not', () => {
    const refuse = (json: string) =>
      refuseInexact(
        json,
        n => `not ${n}`,
        ([name]) => name === 'k',
      )
    expect(() => refuse('{"v":9007199254740993,"k":1,"x":{"k":9007199254740993}}')).not.toThrow()
    expect(() => refuse('{"v":1,"k":[{"a":9007199254740993}]}')).toThrow(
      expect.objectContaining({
        message: '9007199254740993 does not fit into a number: it would become 9007199254740992',
        hint: 'not 9007199254740993',
      }),
    )
  })
})

it('a number that an option has is decimal, and finite', () => {
  for (const [text, value] of [
    ['5', 5],
    ['-0.5', -0.5],
    ['.5', 0.5],
    ['1e3', 1000],
    ['+7.', 7],
  ] as const) {
    expect(numberIn(text, '--x')).toBe(value)
  }
  for (const text of [
    '',
    ' ',
    '.',
    '1e',
    '0x10',
    '1_000',
    '1e999',
    'Infinity',
    'NaN',
    '5 ',
    '1,5',
  ]) {
    expect(() => numberIn(text, '--x'), text).toThrow(`--x must be a number, not ${text}`)
  }
})
