/** Completion: candidates for the word before the cursor, from the command table and the database. */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command, Kind } from './command.js'
import { KEY_CODECS, VALUE_CODECS } from './literals.js'
import type { Session } from './session.js'
import { asWord, printable, saidBy, type Token, unfinished } from './words.js'

/** The most keys offered. */
const MOST_KEYS = 100

/** A candidate. */
interface Candidate {
  /** Its text; undefined for JSON that is no text. */
  readonly text: string | undefined
  /** Its form as a word. */
  readonly word: string
}

/** The completions of the end of `line`, and the part that they replace: as readline takes them. */
export function complete(session: Session, line: string): [string[], string] {
  if (/^\s*#/.test(line)) return [[], '']
  const { tokens, last } = unfinished(line)
  const begin = tokens.map(({ is }) => is).lastIndexOf('separator') + 1
  return completed(session, tokens.slice(begin), last)
}

/** @param tokens the tokens of the command before the last */
function completed(session: Session, tokens: readonly Token[], last: string): [string[], string] {
  const [verb, ...rest] = tokens
  if (verb === undefined) {
    const names = session.commands.map(({ name }) => `${name} `)
    return [names.filter(name => name.startsWith(last)), last]
  }
  const name = verb.is === 'word' ? verb.text : ''
  const command = session.commands.find(c => c.name === (name === 'del' ? 'delete' : name))
  if (command === undefined) return [[], last]
  // A batch is made of commands.
  if (command.raw) return completed(session, rest, last)
  if (/^--[\w-]*$/.test(last)) {
    const names = command.options.map(({ name, value }) => (value ? `--${name}=` : `--${name} `))
    return [names.filter(name => name.startsWith(last)), last]
  }
  const { kind, choices = [], typed } = expected(command, rest, last)
  const all = [
    ...choices.map(said),
    ...(kind === undefined ? [] : candidates(session, kind, typed)),
  ]
  const head = last.slice(0, last.length - typed.length)
  const words = all.map(candidate => offer(candidate, typed)).filter(word => word !== undefined)
  return [[...new Set(words)].map(word => head + word), last]
}

const said = (text: string): Candidate => ({ text, word: asWord(text) })

/** A candidate as offered, if possible in the quotes that are typed; undefined if it does not fit. */
function offer({ text, word }: Candidate, typed: string): string | undefined {
  if (text === undefined) return word.startsWith(typed) ? `${word} ` : undefined
  if (!text.startsWith(saidBy(typed))) return undefined
  const isPlain = !text.includes("'") && printable(text) === text
  const quoted = typed[0] === '"' ? printable(JSON.stringify(text)) : word
  const offered = typed[0] === "'" && isPlain ? `'${text}'` : quoted
  // The content of the folder comes next.
  return text.endsWith('/') ? offered.replace(/(?<=^(["']).*)\1$/s, '') : `${offered} `
}

interface Expected {
  readonly kind: Kind | undefined
  readonly choices: readonly string[] | undefined
  /** The typed part of the word. */
  readonly typed: string
}

/** The kind of word that the last one is. */
function expected(command: Command, tokens: readonly Token[], last: string): Expected {
  const optionIn = (name: string) => {
    return command.options.find(o => (o.name === name || o.alias === name) && o.value !== undefined)
  }
  const [, assigned, value = ''] = /^--([\w-]+)=(.*)$/s.exec(last) ?? []
  if (assigned !== undefined) {
    const { kind, choices } = optionIn(assigned) ?? {}
    return { kind, choices, typed: value }
  }
  let place = 0
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]
    if (token.is === 'word') place++
    if (token.is !== 'option' || token.value !== undefined) continue
    const option = optionIn(token.name)
    if (option === undefined) continue
    // Its value comes next.
    if (++i === tokens.length) return { kind: option.kind, choices: option.choices, typed: last }
  }
  const { kind, choices } = command.arguments[place] ?? {}
  return { kind, choices, typed: last }
}

function candidates(session: Session, kind: Kind, typed: string): Candidate[] {
  const tags = () => session.db.versions().flatMap(({ tags }) => tags.map(said))
  switch (kind) {
    case 'key':
      return keysLike(session, typed)
    case 'node':
      return nodesLike(session, typed)
    case 'edge type':
      return [...new Set(edgesLike(session).map(([, type]) => type))].map(said)
    case 'view':
      return [said('now'), ...tags()]
    case 'tag':
      return tags()
    case 'store':
      return session.stores().map(({ name }) => said(name))
    case 'index':
      return session.verbs.indexes(session.here).map(({ name }) => said(name))
    case 'command':
      return session.commands.map(({ name }) => said(name))
    case 'key codec':
      return KEY_CODECS.map(said)
    case 'value codec':
      return VALUE_CODECS.map(said)
    case 'file':
      return filesLike(saidBy(typed)).map(said)
    case 'text':
      return []
  }
}

function keysLike(session: Session, typed: string): Candidate[] {
  const { from, view } = session.reader(undefined)
  // In the order of text, keys with the same beginning stand together; others are found only if they are few.
  const isText = session.keys.name === 'string'
  const bounds = isText ? { prefix: saidBy(typed) as never } : {}
  const keys = from.keys({ ...bounds, ...view, limit: isText ? MOST_KEYS : 10 * MOST_KEYS })
  const all = [...keys].map(key => ({
    text: typeof key === 'string' ? key : undefined,
    word: session.keys.write(key),
  }))
  return all.filter(key => offer(key, typed) !== undefined).slice(0, MOST_KEYS)
}

/**
 * Nodes of the first edges, and of those from nodes that begin as it is typed: where nodes are text, these
 * stand together.
 */
function nodesLike(session: Session, typed: string): Candidate[] {
  const all = [...edgesLike(session, saidBy(typed)), ...edgesLike(session)]
  const words = new Map<string, Candidate>()
  for (const node of all.flatMap(([from, , to]) => [from, to])) {
    const word = session.keys.write(node)
    words.set(word, { text: typeof node === 'string' ? node : undefined, word })
  }
  return [...words.values()].filter(node => offer(node, typed) !== undefined).slice(0, MOST_KEYS)
}

/** Edges of the entered store in key order: from a node on, or the first. */
function edgesLike(session: Session, from?: string): [unknown, string, unknown][] {
  if (session.keys.name !== 'tuple') return []
  const { from: reader, view } = session.reader(undefined)
  const bounds = from === undefined ? {} : { gte: [from] as never }
  const keys = [...reader.keys({ ...bounds, ...view, limit: 10 * MOST_KEYS })]
  return keys.filter((key): key is [unknown, string, unknown] => {
    return Array.isArray(key) && key.length === 3 && typeof key[1] === 'string'
  })
}

function filesLike(typed: string): string[] {
  const folder = typed.endsWith('/') ? typed : dirname(typed)
  const head = folder === '.' && !typed.startsWith('.') ? '' : join(folder, '/')
  try {
    const names = readdirSync(folder, { withFileTypes: true })
    return names.map(entry => head + entry.name + (entry.isDirectory() ? '/' : ''))
  } catch {
    return []
  }
}
