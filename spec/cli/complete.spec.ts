/**
 * Completion: names that need quotes (spaces, for example) are offered in quotes, and found in them.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { complete } from '../../lib/cli/complete.js'
import { keyForm } from '../../lib/cli/literals.js'
import { Session } from '../../lib/cli/session.js'
import { asWord, tokensOf, type Word } from '../../lib/cli/words.js'
import { folder, OPENING } from './fixtures.js'

const session = new Session(COMMANDS, OPENING)
session.db.put('my key', 1)
session.db.put('my;key', 2)
session.db.put("it's", 3)
session.db.put('price:42', 4)
session.db.tag('my tag')
session.db.tag('opening')
session.db.store('my store')
session.db.store('users')
afterAll(() => session.close())

const offered = (line: string) => complete(session, line)

describe('what is typed becomes', () => {
  it.each([
    ['tag op', ['opening '], 'op'],
    ['untag my', ['"my tag" '], 'my'],
    ['untag "my', ['"my tag" '], '"my'],
    ['untag "my ', ['"my tag" '], '"my '],
    ["untag 'my t", ["'my tag' "], "'my t"],
    ['get a --at my', ['"my tag" '], 'my'],
    ['get a --at "my t', ['"my tag" '], '"my t'],
    ['get a --at=my', ['--at="my tag" '], '--at=my'],
    ['get a --at="my ', ['--at="my tag" '], '--at="my '],
    ['store my', ['"my store" '], 'my'],
    ['store "my s', ['"my store" '], '"my s'],
    ['stores --drop="my s', ['--drop="my store" '], '--drop="my s'],
    ['stores --drop ', ['"my store" ', 'users '], ''],
    ['get my', ['"my key" ', '"my;key" '], 'my'],
    ['get "my k', ['"my key" '], '"my k'],
    ['get "my;', ['"my;key" '], '"my;'],
    ["get 'my;", ["'my;key' "], "'my;"],
    ["get 'it", ['"it\'s" '], "'it"],
    ['put "my key" 1; get "my', ['"my key" ', '"my;key" '], '"my'],
    ["put x 'a; b'; get pr", ['price:42 '], 'pr'],
    ['batch put "my key" 1; del my', ['"my key" ', '"my;key" '], 'my'],
    ['get "my key" --a', ['--at='], '--a'],
    ['tag "my tag" o', ['opening '], 'o'],
    ['# get my', [], ''],
  ])('%s', (line, words, replaced) => {
    expect(offered(line)).toEqual([words, replaced])
  })

  it('files and folders, which go on', () => {
    using place = folder()
    mkdirSync(join(place.path, 'my folder'))
    writeFileSync(join(place.path, 'my folder', 'my file.csv'), '')
    const at = (typed: string) => offered(`load ${typed}`)[0]
    expect(at(join(place.path, 'my'))).toEqual([`"${place.path}/my folder/`])
    expect(at(`"${place.path}/my folder/`)).toEqual([`"${place.path}/my folder/my file.csv" `])
    expect(at(`'${place.path}/my folder/my f`)).toEqual([`'${place.path}/my folder/my file.csv' `])
  })

  it('keys that are no text as they are written', () => {
    const tuples = new Session(COMMANDS, { ...OPENING, keys: 'tuple' })
    for (const key of [['a b', 1], 'a b', '007', '42', 42]) tuples.db.put(key, 1)
    const words = (line: string) => complete(tuples, line)[0]
    expect(words('get ["a b')).toEqual(['["a b",1] '])
    expect(words('get a')).toEqual(['"a b" '])
    expect(words('get 4')).toEqual(['42 ', '"42" '])
    expect(words("get '4")).toEqual(["'42' "])
    tuples.close()
  })
})

it('any name is offered for its beginning, and reads back', () => {
  const name = fc
    .string({ unit: fc.constantFrom(...`ab 0;'"\\[]{}#=-/é\t\u202e`), minLength: 1 })
    .filter(name => !/^\d*$/.test(name))
  const quote = fc.constantFrom('', '"', "'")
  const tagged = new Session(COMMANDS, OPENING)
  fc.assert(
    fc.property(name, quote, fc.nat(), (name, quote, n) => {
      tagged.db.tag(name)
      const begun = name.slice(0, n % (name.length + 1))
      const typed =
        quote === '' ? begun : quote === '"' ? JSON.stringify(begun).slice(0, -1) : `'${begun}`
      const isWord =
        quote === '"' ||
        (quote === "'" ? !begun.includes("'") : begun === '' || asWord(begun) === begun)
      if (isWord) {
        const words = complete(tagged, `untag ${typed}`)[0].map(word => {
          // A folder's name, as it looks, goes on.
          const whole = word.endsWith(' ') ? word : `${word}${/^["']/.exec(word)?.[0] ?? ''}`
          return (tokensOf(whole) as Word[]).map(({ text }) => text)
        })
        expect(words).toContainEqual([name])
      }
      tagged.db.untag(name)
    }),
    { numRuns: 300 },
  )
  tagged.close()
})

it('a key of any codec is offered', () => {
  for (const [codec, key] of [
    ['binary', Uint8Array.of(1, 2)],
    ['zorder(float64,date)', [1.5, new Date(0)]],
  ] as const) {
    const other = new Session(COMMANDS, { ...OPENING, keys: codec })
    other.db.put(key, 1)
    const word = keyForm(codec).write(key)
    expect(complete(other, `get ${word.slice(0, 2)}`)[0]).toEqual([`${word} `])
    other.close()
  }
})
