/** Completion: what the word before the cursor may become, from the command table and the database. */
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Command, Kind } from './command.js'
import { KEY_CODECS, VALUE_CODECS } from './literals.js'
import type { Session } from './session.js'
import { asWord } from './words.js'

/** Keys offered at most. */
const MOST_KEYS = 100

/** What completes the end of `line`, and how much of it that replaces: as readline wants it. */
export function complete(session: Session, line: string): [string[], string] {
  // A batch is made of commands; so is a line with semicolons.
  const command = line.slice(line.lastIndexOf(';') + 1).trimStart()
  const words = command.split(/\s+/)
  const last = words[words.length - 1]
  if (words.length === 1) {
    const names = session.commands.map(({ name }) => `${name} `)
    return [names.filter(name => name.startsWith(last)), last]
  }
  const [verb] = words
  const found = session.commands.find(({ name }) => name === (verb === 'del' ? 'delete' : verb))
  if (found === undefined) {
    if (verb !== 'batch') return [[], last]
  } else if (found.raw) return complete(session, words.slice(1).join(' '))
  const given = found as Command
  if (/^--[\w-]*$/.test(last)) {
    const names = given.options.map(({ name, value }) => (value ? `--${name}=` : `--${name} `))
    return [names.filter(name => name.startsWith(last)), last]
  }
  const { kind, choices, typed } = expected(given, words, last)
  const all = [...(choices ?? []), ...(kind === undefined ? [] : candidates(session, kind, typed))]
  const fitting = [...new Set(all)].filter(text => text.startsWith(typed))
  const head = last.slice(0, last.length - typed.length)
  return [fitting.map(text => `${head}${text}${/[/=]$/.test(text) ? '' : ' '}`), last]
}

interface Expected {
  readonly kind: Kind | undefined
  readonly choices: readonly string[] | undefined
  /** What is there of the word. */
  readonly typed: string
}

/** What the last word is meant to be. */
function expected(command: Command, words: readonly string[], last: string): Expected {
  const optionIn = (text: string) => {
    const name = text.slice(2)
    return command.options.find(o => (o.name === name || o.alias === name) && o.value !== undefined)
  }
  const assigned = /^(--[\w-]+)=(.*)$/.exec(last)
  const before = words[words.length - 2]
  const option =
    assigned !== null
      ? optionIn(assigned[1])
      : before.startsWith('--')
        ? optionIn(before)
        : undefined
  if (option !== undefined || assigned !== null) {
    const typed = assigned === null ? last : assigned[2]
    return { kind: option?.kind, choices: option?.choices, typed }
  }
  let place = -1
  for (let i = 1; i < words.length; i++) {
    const isOption = words[i].startsWith('--')
    if (!isOption) place++
    else if (!words[i].includes('=') && optionIn(words[i]) !== undefined) i++
  }
  const argument = command.arguments[place]
  return { kind: argument?.kind, choices: argument?.choices, typed: last }
}

function candidates(session: Session, kind: Kind, typed: string): string[] {
  const tags = () => session.db.versions().flatMap(({ tags }) => tags.map(asWord))
  switch (kind) {
    case 'key':
      return keysLike(session, typed)
    case 'view':
      return ['now', ...tags()]
    case 'tag':
      return tags()
    case 'store':
      return session.stores().map(({ name }) => asWord(name))
    case 'command':
      return session.commands.map(({ name }) => name)
    case 'key codec':
      return [...KEY_CODECS]
    case 'value codec':
      return [...VALUE_CODECS]
    case 'file':
      return filesLike(typed)
    case 'text':
      return []
  }
}

function keysLike(session: Session, typed: string): string[] {
  const { from, view } = session.reader(undefined)
  // Text has an order in which what begins alike stands together; other keys are few, or out of luck.
  const isText = session.keys.name === 'string' && !/^["']/.test(typed)
  const bounds = isText ? { prefix: typed as never } : {}
  const keys = from.keys({ ...bounds, ...view, limit: isText ? MOST_KEYS : 10 * MOST_KEYS })
  const words = [...keys].map(key => session.keys.write(key))
  return words.filter(word => word.startsWith(typed)).slice(0, MOST_KEYS)
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
