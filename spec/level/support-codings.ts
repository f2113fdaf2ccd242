/**
 * Encodings as the oracle of `zverse/level` understands them: their options for Level, keys and values
 * worth trying, and the bytes of those. Written without Level's own encodings.
 */

/** An encoding, and the oracle's idea of it. */
export interface Coding {
  /** Level's `keyEncoding` or `valueEncoding`. */
  readonly option: unknown
  /** False if some bytes are the encoding of no value: reading those fails. */
  readonly isTotal: boolean
  readonly atoms: readonly unknown[]
  bytes(atom: unknown): Buffer
  back(bytes: Buffer): unknown
}

const TEXTS = [
  ...['', 'a', 'b', 'ab', 'a\0', '\0', 'b\u{7f}', 'é', '\uffff', '\u{10000}', '\u{1f30d}b'],
  ...['\ud800', 'x\udc00y', '\ufeff', '\ufeffa', 'toString', '!a!z', '~', 'abc', '10', '2'],
]
const BYTES = [
  ...[[], [0], [0, 0], [255], [255, 255], [97], [97, 0], [97, 255], [98], [1, 255, 0]],
  ...[[0x80], [0xef, 0xbb, 0xbf], [0xef, 0xbb, 0xbf, 97], [0xc3, 0xa9], [33, 99, 33, 0]],
]
const OBJECTS = [1, -1.5, 0, true, false, '', 'a', 'é', '\ud800', [], [null], { a: 1 }, {}, '10']

/** Text as UTF-8; U+FFFD replaces what UTF-8 cannot represent. */
export const utf8: Coding = {
  option: 'utf8',
  isTotal: true,
  atoms: TEXTS,
  bytes: atom => Buffer.from(new TextEncoder().encode(atom as string)),
  back: bytes => bytes.toString('utf8'),
}

const buffer: Coding = {
  option: 'buffer',
  isTotal: true,
  atoms: BYTES.map(bytes => Buffer.from(bytes)),
  bytes: atom => Buffer.from(atom as Buffer),
  back: bytes => Buffer.from(bytes),
}

const view: Coding = {
  option: 'view',
  isTotal: true,
  // In the middle of something larger, as views may be.
  atoms: BYTES.map(bytes => Uint8Array.from([9, ...bytes, 9]).subarray(1, bytes.length + 1)),
  bytes: atom => Buffer.from(atom as Uint8Array),
  back: bytes => Uint8Array.from(bytes),
}

const json: Coding = {
  option: 'json',
  isTotal: false,
  atoms: OBJECTS,
  bytes: atom => Buffer.from(JSON.stringify(atom)),
  back: bytes => JSON.parse(bytes.toString('utf8')),
}

/** An encoding of a user's own: bytes as hexadecimal digits. */
const digits: Coding = {
  option: {
    name: 'digits',
    format: 'view',
    encode: (text: string) => Uint8Array.from(Buffer.from(text, 'hex')),
    decode: (bytes: Uint8Array) => Buffer.from(bytes).toString('hex'),
  },
  isTotal: true,
  atoms: BYTES.map(bytes => Buffer.from(bytes).toString('hex')),
  bytes: atom => Buffer.from(atom as string, 'hex'),
  back: bytes => bytes.toString('hex'),
}

/** An encoding of a user's own, in text. */
const marked: Coding = {
  option: {
    name: 'marked',
    format: 'utf8',
    encode: (text: string) => `~${text}`,
    decode: (text: string) => text.slice(1),
  },
  isTotal: true,
  atoms: TEXTS,
  bytes: atom => utf8.bytes(`~${atom}`),
  back: bytes => bytes.toString('utf8').slice(1),
}

/** For places that take bytes, and for those that take text alone. */
export const ANY: readonly Coding[] = [utf8, buffer, view, digits, marked, json]
export const TEXT: readonly Coding[] = [utf8, marked, json]

/** A place in the database: the level itself or a sublevel. */
export interface Place {
  readonly names: readonly string[]
  /** How it is reached from the level: one call of `sublevel` for each. */
  readonly steps: readonly (string | string[])[]
  readonly prefix: string
  readonly keys: Coding
  readonly values: Coding
}

function place(keys: Coding, values: Coding, ...steps: (string | string[])[]): Place {
  const names = steps.flat()
  return { names, steps, prefix: names.map(name => `!${name}!`).join(''), keys, values }
}

export const PLACES = {
  any: [
    place(utf8, utf8),
    place(buffer, view, 'a'),
    place(utf8, json, 'a', 'b'),
    place(json, json, 'j'),
    place(digits, marked, ['a', 'c']),
    place(view, buffer, ''),
  ],
  text: [
    place(utf8, utf8),
    place(marked, utf8, 'a'),
    place(utf8, json, 'a', 'b'),
    place(json, json, 'j'),
    place(utf8, marked, ['a', 'c']),
    place(utf8, utf8, ''),
  ],
} satisfies Record<string, readonly Place[]>
