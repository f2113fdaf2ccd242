/** All MessagePack values: a table of every kind, and any combination. */
import fc from 'fast-check'

const bytes = Uint8Array.of(0, 1, 2, 127, 128, 255, 7, 8)
const wide = [2n ** 63n, 2n ** 64n, 2n ** 64n - 1n, 2n ** 71n, 2n ** 127n, 2n ** 128n, 3n ** 999n]
const bigints = [0n, 1n, -1n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, ...wide]
const dates = [0, 1, 999, 1000, -1, -1000, 4294967295000, 4294967296000, 4294967296001]

/** Values of every kind, by kind. */
export const table: Record<string, unknown[]> = {
  null: [null],
  boolean: [true, false],
  integers: [0, 1, 31, 32, 127, 128, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
  negatives: [-1, -32, -33, -127, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1],
  numbers: [-0, 0.5, NaN, Infinity, -Infinity, 2 ** 32, 2 ** 53, 5e-324, 1.7e308, -1e21],
  strings: ['', 'a', 'é', '€', '😀', '\0', 'x'.repeat(31), 'x'.repeat(32), 'é'.repeat(16)],
  'long strings': [95, 96, 97, 255, 256, 65_535, 65_536, 10 ** 6].flatMap(n => [
    'x'.repeat(n),
    'é'.repeat(n),
    `${'x'.repeat(n)}😀`,
  ]),
  bigint: bigints.flatMap(n => [n, -n, -n - 1n]),
  Date: [...dates, 17179869183999, 17179869184000, -8.64e15, 8.64e15, NaN].map(t => new Date(t)),
  Map: [
    new Map(),
    new Map<unknown, unknown>([
      [1, 'a'],
      [null, new Map([['k', 1n]])],
      [{}, []],
    ]),
  ],
  Set: [new Set(), new Set([1, 'a', null, NaN]), new Set([new Set([1])])],
  ArrayBuffer: [new ArrayBuffer(0), bytes.slice().buffer, new ArrayBuffer(70_000)],
  'typed arrays': [
    new Int8Array(bytes),
    new Uint8Array(bytes),
    new Uint8ClampedArray(bytes),
    new Int16Array(bytes),
    new Uint16Array(bytes),
    new Int32Array(bytes),
    new Uint32Array(bytes),
    new Float32Array([0.5, NaN, -0]),
    new Float64Array([0.1, NaN, -0, Infinity]),
    new BigInt64Array([1n, -1n]),
    new BigUint64Array([1n, 2n ** 64n - 1n]),
    new Uint8Array(0),
    new Float64Array(0),
    new Uint8Array(256),
    new Uint8Array(70_000),
    new Uint16Array(130),
    new Uint16Array(40_000),
  ],
  arrays: [[], [1], [[]], Array.from({ length: 16 }, (_, i) => i), new Array(70_000).fill('x')],
  objects: [
    {},
    { a: 1 },
    { '': 0 },
    { '0': 1, b: { c: [null, { d: 'é' }] } },
    { é: 1, ['k'.repeat(40)]: 2 },
    { constructor: 1, toString: 2, hasOwnProperty: 3, toJSON: null },
    Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`k${i}`, i])),
    Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`key ${i}`, i])),
  ],
}

/** Any value, of any depth. */
export const value = fc.letrec(tie => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, -0, NaN, Infinity, new Date(NaN)),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: 'binary', maxLength: 120 }),
    fc.date(),
    fc.uint8Array(),
    fc.float64Array(),
    fc.bigInt64Array(),
    fc.uint16Array().map(a => a.buffer as ArrayBuffer),
    fc.array(tie('any')),
    fc.dictionary(fc.string({ unit: 'binary' }), tie('any'), { noNullPrototype: true }),
    fc.array(fc.tuple(tie('any'), tie('any'))).map(entries => new Map(entries)),
    fc.array(tie('any')).map(elements => new Set(elements)),
  ),
})).any
