/**
 * Keys and values that are likely to be mixed up: prefixes of each other, zero and 0xff bytes,
 * astral characters (whose code point order is not JavaScript's), long shared beginnings, keys that
 * differ only in trailing zeros, and lengths around the words that keys are stored in.
 */
import type { KeyKind } from '../oracle/keys.js'
import type { Random } from './random.js'

const LONG = 'p'.repeat(301)
const bytes = (...values: number[]) => Uint8Array.from(values)
const run = (length: number, value: number) => new Uint8Array(length).fill(value)

export const HARD_KEYS: Record<KeyKind, readonly unknown[]> = {
  string: [
    '',
    'a',
    'ab',
    'abc',
    'abcd',
    'abcde',
    'b',
    'B',
    '\0',
    '\0\0',
    'a\0',
    'a\0\0',
    'a\0b',
    'abcd\0',
    'abcd\0\0\0\0',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
    'a\uffff',
    'a\u{10000}',
    'é',
    'e\u0301',
    'aaaa',
    'aaaaa',
    'aaaab',
    LONG,
    `${LONG}a`,
    `${LONG}b`,
    `${LONG}\0`,
    LONG.slice(1),
    'x'.repeat(4096),
    `${'x'.repeat(4095)}y`,
    '0',
    '1',
    '10',
    '2',
    'user:1',
    'user:10',
    'user:2',
    'user;',
    'user',
    '__proto__',
    'constructor',
  ],
  binary: [
    bytes(),
    bytes(0),
    bytes(0, 0),
    run(3, 0),
    run(4, 0),
    run(5, 0),
    run(8, 0),
    bytes(1),
    bytes(1, 0),
    bytes(1, 0, 0),
    bytes(1, 0, 0, 0),
    bytes(1, 0, 0, 0, 0),
    bytes(127),
    bytes(128),
    bytes(255),
    bytes(255, 0),
    bytes(255, 255),
    run(4, 255),
    run(5, 255),
    bytes(0, 255),
    bytes(128, 0, 0, 0),
    bytes(127, 255, 255, 255),
    run(300, 7),
    run(301, 7),
    run(4096, 255),
    run(4095, 255),
    run(4096, 0),
    run(4095, 0),
    bytes(1, 2, 3, 4),
    bytes(1, 2, 3, 4, 5),
    bytes(1, 2, 3, 5),
    bytes(1, 2, 3, 4, 0),
    bytes(0xc3, 0xa9),
    bytes(0xed, 0xa0, 0x80),
  ],
  tuple: [
    null,
    false,
    true,
    0,
    -1,
    1,
    1.5,
    -1.5,
    2,
    10,
    255,
    256,
    -256,
    2 ** 32,
    -(2 ** 32),
    5e-324,
    -5e-324,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Infinity,
    -Infinity,
    2 ** 53 - 1,
    '',
    'a',
    'a\0',
    'a\0\0',
    '\0',
    'ab',
    '\uffff',
    '\u{10000}',
    bytes(),
    bytes(0),
    bytes(0, 0),
    bytes(255),
    bytes(0, 1),
    bytes(1, 0),
    [],
    [null],
    [[]],
    [[], []],
    [[], 1],
    [[1], 2],
    [[1, 2]],
    [1],
    [1, 2],
    [1, 1],
    [2],
    ['a'],
    ['a', 1],
    ['a', 1, 'x'],
    ['a', 2],
    ['a\0'],
    ['a\0', 1],
    ['ab'],
    [''],
    ['', ''],
    [bytes()],
    [bytes(0)],
    [bytes(0), 0],
    [bytes(0, 0)],
    [false],
    [true, false],
    [-1],
    [Infinity],
    ['a', null],
    ['a', []],
    ['a', ['b']],
    ['a', ['b', 1]],
    [LONG],
    [LONG, 1],
    run(400, 0),
    [run(60, 255), run(60, 0)],
    'y'.repeat(2000),
  ],
}

/** Prefixes worth asking for, besides the keys themselves. */
export function prefixFor(kind: KeyKind, key: unknown, random: Random): unknown {
  if (kind === 'binary') {
    const whole = key as Uint8Array
    return Uint8Array.from(whole.subarray(0, random.int(whole.length + 1)))
  }
  if (kind === 'tuple') return Array.isArray(key) ? key.slice(0, random.int(key.length + 1)) : []
  const points = [...(key as string)]
  return points.slice(0, random.int(points.length + 1)).join('')
}

/** Key number `i` of an unlimited supply: some share long beginnings, some vary in length. */
function numberedKey(kind: KeyKind, i: number): unknown {
  const digits = String((i * 7919) % 100_003)
  const name =
    i % 3 === 0 ? `user:${digits}` : i % 3 === 1 ? `${LONG.slice(0, 40)}${digits}` : digits
  if (kind === 'string') return name
  if (kind === 'tuple') return i % 5 === 0 ? i : ['u', i % 7, name]
  const tail = run(i % 6, i % 256)
  return Uint8Array.from([i >>> 16, i >>> 8, i, ...tail])
}

/** `size` different keys; small pools collide a lot and are all hard ones. */
export function keyPool(kind: KeyKind, size: number, random: Random): unknown[] {
  const pool: unknown[] = []
  const hard = [...HARD_KEYS[kind]]
  while (pool.length < size && hard.length > 0) {
    pool.push(hard.splice(random.int(hard.length), 1)[0])
  }
  for (let i = 0; pool.length < size; i++) pool.push(numberedKey(kind, i))
  return pool
}

/** The value codecs that models run over; `custom` is {@link CUSTOM_VALUES}. */
export type ValueKind = 'msgpack' | 'json' | 'string' | 'binary' | 'custom'

/** A user's codec, as plain as can be. */
export const CUSTOM_VALUES = {
  name: 'custom',
  encode: (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value)),
  decode: (encoded: Uint8Array): unknown => JSON.parse(Buffer.from(encoded).toString()),
}

/** The argument of `values` for a kind. */
export function valuesOption(kind: ValueKind): unknown {
  return kind === 'custom' ? CUSTOM_VALUES : kind
}

/** Lengths around inline limits, pages and beyond; large ones are rare. */
function length(random: Random): number {
  const kind = random.int(100)
  if (kind < 70) return random.int(12)
  if (kind < 90) return random.int(80)
  if (kind < 98) return random.int(2000)
  return random.int(kind === 98 ? 9000 : 70_000)
}

function text(random: Random): string {
  const size = length(random)
  const unit = random.pick(['a', 'z', 'é', '\u{1f600}', '\0', 'ab'])
  return unit.repeat(Math.ceil(size / unit.length))
}

/** A fresh value that survives its codec unchanged. */
export function valueFor(kind: ValueKind, random: Random): unknown {
  if (kind === 'string') return text(random)
  if (kind === 'binary') return run(length(random), random.int(256))
  const plain = random.int(11)
  if (plain < 4) return random.int(5)
  if (plain < 6) return text(random)
  if (plain === 6) return { id: random.int(9), name: text(random), tags: ['x', null, true] }
  if (plain === 7) return [random.int(3), [text(random)], {}]
  if (plain === 8) return random.pick([null, true, false, '', -1, 1.5, 2 ** 40, -(2 ** 31)])
  if (kind !== 'msgpack') return random.int(1000)
  if (plain === 9) return random.pick([Number.NaN, Infinity, -Infinity, 2n ** 60n, -3n])
  return random.pick([
    new Date(random.int(1e9)),
    new Map([['a', 1]]),
    new Set([1, 'b']),
    run(length(random), 3),
  ])
}
