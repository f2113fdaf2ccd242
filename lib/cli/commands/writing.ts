/** Commands that write keys and values. */
import type { Operation } from '../../index.js'
import { counted } from '../bar.js'
import { type Call, type Command, callOf, integerIn } from '../command.js'
import { parseJson, revived } from '../literals.js'
import { refuseInexact } from '../numbers.js'
import { type VersionResult, versionResult } from '../result.js'
import type { Session } from '../session.js'
import { asWord, Mistake, type Token, type Word } from '../words.js'
import { BOUNDS, boundsOf } from './ranges.js'

const IF_VERSION = {
  ...{ name: 'if-version', value: 'N|absent' },
  summary: 'only if the entry was written by version N, or only if the key is absent',
}

/** `--if-version` in the form that the API takes. */
function conditionOf(call: Call): { ifVersion?: number | null } {
  const word = call.option('if-version')
  if (word === undefined) return {}
  return { ifVersion: word.text === 'absent' ? null : integerIn(word, '--if-version') }
}

const PUT: Command = {
  name: 'put',
  group: 'Writing',
  needs: 'to',
  arguments: [
    { name: 'KEY', kind: 'key' },
    { name: 'VALUE', kind: 'text' },
  ],
  options: [IF_VERSION],
  summary: 'writes a value',
  details:
    'Prints the version that the write made. A value is JSON; a word that is no JSON is a ' +
    "string; 'quotes' always make a string.",
  examples: [
    {
      title: 'A number, a string, an object:',
      transcript: `
zverse> put a 1
version 1
zverse> put b hello
version 2
zverse> put c {"amount": 10, "tags": ["x"]}
version 3
zverse> get c
{"amount":10,"tags":["x"]}`,
    },
    {
      title: 'Only if the entry has not changed since:',
      transcript: `
zverse> put a 1
version 1
zverse> put a 2 --if-version 1
version 2
zverse> put a 3 --if-version 1
error: the entry is version 2, not version 1 (ZVERSE_CONFLICT)
  read it again: --if-version 2 holds now`,
    },
  ],
  async run(session, call) {
    const key = session.keys.read(call.word(0))
    const value = session.values.read(call.word(1))
    const writer = session.writer()
    const version = await session.change(() => writer.put(key, value, conditionOf(call)))
    return writtenValue(session, call.word(1), version)
  },
}

const DELETE: Command = {
  name: 'delete',
  group: 'Writing',
  needs: 'to',
  arguments: [{ name: 'KEY', kind: 'key' }],
  options: [IF_VERSION],
  summary: 'deletes a key',
  details: 'Prints the version that the deletion made: the present one if there was no such key.',
  examples: [
    {
      title: 'A deleted key can still be read at older versions:',
      transcript: `
zverse> put a 1
version 1
zverse> delete a
version 2
zverse> get a
(absent)
zverse> get a --at 1
1`,
    },
  ],
  async run(session, call) {
    const key = session.keys.read(call.word(0))
    const writer = session.writer()
    const version = await session.change(() => writer.delete(key, conditionOf(call)))
    return written(session, version)
  },
}

/** A reminder for those used to the shell's quotes. */
const STRING = 'a string: without quotes it would be JSON'

/** {@link written}, of a value that was given as a word. */
export function writtenValue(session: Session, value: Word, version: unknown): VersionResult {
  const made = written(session, version)
  return isQuotedJson(session, value) ? { ...made, says: `${made.says} (${STRING})` } : made
}

function isQuotedJson(session: Session, { form, text }: Word): boolean {
  const takesJson = session.values.name === 'msgpack' || session.values.name === 'json'
  return takesJson && form === 'quoted' && /^(\{.*\}|\[.*\])$/s.test(text)
}

/** The version that a write has made, or will make with the rest of its transaction. */
export function written(session: Session, version: unknown): VersionResult {
  const made = session.written(version)
  return versionResult(made, session.tx === null ? undefined : `version ${made}, once committed`)
}

export const WRITING: readonly Command[] = [
  PUT,
  DELETE,
  {
    name: 'update',
    group: 'Writing',
    needs: 'to',
    arguments: [
      { name: 'KEY', kind: 'key' },
      { name: 'FUNCTION', kind: 'text' },
    ],
    options: [],
    summary: 'replaces a value by the result of a function',
    details:
      'FUNCTION is JavaScript, in quotes: it gets the value, undefined if the key is absent, and returns ' +
      'the new one; undefined deletes the key. It runs in this process, with all its rights.',
    examples: [
      {
        title: 'Counting:',
        transcript: `
zverse> update visits 'n => (n ?? 0) + 1'
version 1
zverse> update visits 'n => (n ?? 0) + 1'
version 2
zverse> get visits
2`,
      },
    ],
    async run(session, call) {
      const writer = session.writer()
      const change = functionIn(call.word(1))
      const key = session.keys.read(call.word(0))
      return written(session, await session.change(() => writer.update(key, change)))
    },
  },
  {
    name: 'batch',
    group: 'Writing',
    needs: 'to',
    arguments: [{ name: 'OPERATIONS', kind: 'text' }],
    rest: true,
    options: [],
    raw: true,
    summary: 'several writes as one version',
    details:
      'OPERATIONS are `put KEY VALUE` and `del KEY`, with `;` between them, or a JSON array of ' +
      '{"type": "put" or "del", "key", "value", "ifVersion"}. All of them are done, or none.',
    examples: [
      {
        title: 'A price moves from one key to another:',
        transcript: `
zverse> put a 1
version 1
zverse> batch put b 1; del a
version 2
zverse> range
key  value
b    1`,
      },
    ],
    async run(session, { tokens }) {
      const writer = session.writer()
      const operations = await operationsIn(session, tokens)
      return written(session, await session.change(() => writer.batch(operations)))
    },
  },
  {
    name: 'clear',
    group: 'Writing',
    needs: 'to',
    arguments: [],
    options: BOUNDS,
    summary: 'deletes all keys, or those in a range',
    details:
      'To clear all is far cheaper than deleting key by key. Older versions still have them. Ctrl-L clears the screen.',
    examples: [
      {
        title: 'All keys that begin with a:',
        transcript: `
zverse> batch put a1 1; put a2 2; put b1 3
version 1
zverse> clear --prefix a
version 2: 2 keys are gone, \`restore 1\` brings them back
zverse> keys
key
b1`,
      },
    ],
    async run(session, call) {
      const writer = session.writer()
      const bounds = boundsOf(call, session.keys)
      const [count, before, version] = await session.change(() => {
        const count = session.reader(undefined).from.count(bounds)
        return [count, session.db.version, writer.clear(bounds)]
      })
      const result = written(session, version)
      if (session.tx !== null || count === 0) return result
      // The user may have meant the screen.
      const [gone, back] =
        count === 1 ? ['a key is', 'it'] : [`${counted(count, 'key')} are`, 'them']
      return {
        ...result,
        says: `${result.says}: ${gone} gone, \`restore ${before}\` brings ${back} back`,
      }
    },
  },
]

/** The function in a word: the user's own code, run where the user runs this command. */
function functionIn({ text }: Word): (old: unknown) => unknown {
  let made: unknown
  try {
    made = new Function(`'use strict'; return (${text}\n)`)()
  } catch (error) {
    throw new Mistake(`this is no JavaScript: ${(error as Error).message}`, EXAMPLE)
  }
  if (typeof made !== 'function') throw new Mistake(`${asWord(text)} is no function`, EXAMPLE)
  return made as (old: unknown) => unknown
}
const EXAMPLE = "for example update visits 'n => (n ?? 0) + 1'"

async function operationsIn(
  session: Session,
  tokens: readonly Token[],
): Promise<Operation<unknown, unknown>[]> {
  const [first] = tokens
  if (first === undefined) throw new Mistake('batch needs operations', 'batch put a 1; del b')
  if (tokens.length === 1 && first.is === 'word' && /^\s*\[/.test(first.text)) {
    return operationsInJson(session, first)
  }
  const operations: Operation<unknown, unknown>[] = []
  for (const part of partsOf(tokens)) {
    const [verb, ...rest] = part
    const name = verb.is === 'word' ? verb.text : ''
    if (name === 'put') {
      const call = await callOf(PUT, rest)
      const key = session.keys.read(call.word(0))
      const value = session.values.read(call.word(1))
      operations.push({ type: 'put', key, value, ...conditionOf(call) })
    } else if (name === 'del' || name === 'delete') {
      const call = await callOf(DELETE, rest)
      operations.push({ type: 'del', key: session.keys.read(call.word(0)), ...conditionOf(call) })
    } else {
      throw new Mistake(`a batch has no ${asWord(name)}`, 'only put KEY VALUE and del KEY')
    }
  }
  return operations
}

/** The parts between semicolons; an argument of the process may be a semicolon. */
function partsOf(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]]
  for (const token of tokens) {
    const ends = token.is === 'separator' || (token.is === 'word' && token.text === ';')
    if (ends && (token.is === 'separator' || token.form === 'argv')) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.filter(part => part.length > 0)
}

function operationsInJson(session: Session, word: Word): Operation<unknown, unknown>[] {
  const { keys, values } = session
  const list = parseJson(word.text, values.parse) as Operation<unknown, unknown>[]
  refuseInexact(word.text, keys.instead, ([, field]) => field === 'key')
  return list.map(operation => {
    // The database refuses other fields.
    if (typeof operation !== 'object' || operation === null) return operation
    if (!Object.hasOwn(operation, 'key')) return operation
    const key = values.isPlain ? revived(operation.key) : operation.key
    return { ...operation, key: keys.fromJson(key) }
  })
}
