/** Copies of a database in a directory, the past on its disk, and what lies in it. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { Screen } from '../../lib/cli/screen.js'
import { Session } from '../../lib/cli/session.js'
import { run } from '../../lib/cli/shell.js'
import { tokensOf } from '../../lib/cli/words.js'
import { folder, paper } from './fixtures.js'
import { zverse } from './zverse.js'

function place() {
  const { path, [Symbol.dispose]: remove } = folder()
  const said = (line: string, input = '') => {
    const { out, err, code } = zverse(line.split(' '), input, path)
    expect({ err, code }).toEqual({ err: '', code: 0 })
    return out.trimEnd()
  }
  const refused = (line: string) => {
    const { out, err, code } = zverse(line.split(' '), '', path)
    expect({ out, code }).toEqual({ out: '', code: 1 })
    return err
  }
  const at = (name: string) => join(path, name)
  return { said, refused, at, [Symbol.dispose]: remove }
}

const SESSION = 'put a 1\nput a 2\ntag two\nput a 3\nput b 4\ncompact\nput a 5\n'

it('keeps a past on disk, and lists what lies there', () => {
  using shop = place()
  shop.said('shop --create --history 1 --past all', SESSION)
  expect(shop.said('get a --at 1 --from shop')).toBe('1')
  expect(shop.said('history a --from shop').split('\n').length).toBe(4)
  const files = shop
    .said('runs shop --json')
    .split('\n')
    .map(line => JSON.parse(line))
  expect(files[0]).toMatchObject({ name: 'past-1', kind: 'past', from: 1, to: 4 })
  expect(files.at(-1)).toMatchObject({ kind: 'log' })
  expect(shop.said('shop', 'runs').split('\n').length).toBe(files.length)
  const svg = shop.said('runs shop --svg')
  expect(svg).toMatch(/^<svg .*<\/svg>$/)
  expect(svg).toContain('past-1')
  expect(shop.refused('runs nowhere')).toContain('there is no database nowhere')
  for (const wrong of ['some', '-1', '1.5']) {
    expect(shop.refused(`get a --from shop --past ${wrong}`)).toContain('--past must be')
  }
  expect(shop.refused('get a --past 3')).toContain('--past is for a database in a directory')
  // What the disk keeps is not let go of unasked.
  expect(shop.refused('get a --from shop --history 9')).toContain('keeps a past on disk')
  expect(shop.refused('get a --from shop --past 9')).toContain('say with --history how many')
  expect(shop.said('get a --at 1 --from shop --history 9 --past all')).toBe('1')
})

it('backs up, and restores to a moment', () => {
  using shop = place()
  shop.said('shop --create --history 1 --past all', SESSION)
  expect(shop.said('backup shop copy')).toBe('5')
  expect(shop.said('shop', 'put a 6\nbackup again\nget a --at 1')).toBe('6\n6\n1')
  expect(shop.said('history a --from copy').split('\n').length).toBe(4)
  expect(shop.said('get a --from again')).toBe('6')
  expect(shop.refused('backup shop copy')).toContain('must be empty')
  expect(shop.refused('backup shop shop/inside')).toContain('must not be in that of the database')
  expect(shop.refused('backup shop')).toContain('TO')
  expect(shop.said('restore-to shop --at two --to then')).toBe('2')
  expect(shop.said('get a --from then')).toBe('2')
  expect(shop.said('get a --at 1 --from then')).toBe('1')
  expect(shop.said('versions --from then')).toContain('two')
  expect(shop.said('restore-to shop --to now')).toBe('6')
  expect(shop.refused('restore-to shop --at 1 --to then')).toContain('then has files')
  expect(shop.refused('restore-to shop --at 77 --to new')).toContain('is not there yet')
  const places = readdirSync(shop.at('.')).filter(name => !name.includes('.'))
  expect(places.sort()).toEqual(['again', 'copy', 'now', 'shop', 'then'])
  expect(readdirSync(shop.at('.')).filter(name => name.includes('.part-'))).toEqual([])
  expect(shop.refused('backup nowhere copy')).toContain('there is no database nowhere')
  expect(shop.refused('restore-to shop --at 1')).toContain('restore-to needs --to DIR')
})

it('gives a restored database its name when all is in it', async () => {
  using shop = place()
  shop.said('shop --create --history 1 --past all', SESSION)
  const to = shop.at('then')
  for (const last of [3, Number.POSITIVE_INFINITY]) {
    const options = { keys: 'string', values: 'msgpack', path: shop.at('shop') }
    const session = new Session(COMMANDS, options)
    const sink = paper()
    const { db } = session
    const dump = db.dump.bind(db)
    let records = 0
    db.dump = function* (view?: Parameters<typeof dump>[0]) {
      for (const record of dump(view)) {
        expect(existsSync(to)).toBe(false)
        if (++records > last) throw new Error('cut off')
        yield record
      }
    } as unknown as typeof dump
    const shell = { session, screen: new Screen('terminal', sink), aside: sink }
    const done = run(shell, tokensOf(`restore-to --to ${to}`))
    if (last === 3) await expect(done).rejects.toThrow('cut off')
    else await done
    expect(readdirSync(shop.at('.')).filter(name => name.startsWith('then.'))).toEqual([])
    session.close()
  }
  expect(shop.said('get a --at 1 --from then')).toBe('1')
})
