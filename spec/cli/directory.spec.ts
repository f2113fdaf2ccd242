/** The command on databases in directories: to the letter, and what it says where one cannot be opened. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { complete } from '../../lib/cli/complete.js'
import { explain } from '../../lib/cli/explain.js'
import { greeting, openingProgress, recoveryLines, unopened } from '../../lib/cli/place.js'
import { Screen } from '../../lib/cli/screen.js'
import { Session } from '../../lib/cli/session.js'
import { run } from '../../lib/cli/shell.js'
import { tokensOf } from '../../lib/cli/words.js'
import { ZVerse, ZVerseError } from '../../lib/index.js'
import { folder, OPENING, paper } from './fixtures.js'
import { bare, ENV, shell, zverse } from './zverse.js'

const ROOM = { maxBytes: 2 ** 24, background: false }

/** A folder in which `zverse` runs. */
function place() {
  const { path, [Symbol.dispose]: remove } = folder()
  const at = (name: string) => join(path, name)
  /** What a run prints; it must succeed. */
  const said = (line: string, input = '') => {
    const { out, err, code } = zverse(line.split(' '), input, path)
    expect({ err, code }).toEqual({ err: '', code: 0 })
    return out
  }
  /** What a run complains of; it must fail, and print nothing. */
  const refused = (line: string, input = '') => {
    const { out, err, code } = zverse(line.split(' '), input, path)
    expect({ out, code }).toEqual({ out: '', code: 1 })
    return err
  }
  /** Changes a byte of the first segment of the log. */
  const damage = (name: string, byte: number) => {
    const file = at(`${name}/log-000000000001`)
    const bytes = readFileSync(file)
    bytes[byte] = (bytes[byte] as number) ^ 255
    writeFileSync(file, bytes)
  }
  return { path, at, said, refused, damage, [Symbol.dispose]: remove }
}

describe('zverse DIR', () => {
  it('makes no database unless it is told to', () => {
    using here = place()
    expect(here.refused('./data')).toBe(
      'zverse: there is no database ./data\n  `zverse ./data --create` makes one there\n',
    )
    expect(here.refused('data')).toBe(
      'zverse: there is no command data, nor a directory\n' +
        '  `zverse --help` lists the commands\n  `zverse data --create` makes a database there\n',
    )
    expect(here.refused('shew')).toMatch(/\n {2}did you mean show\?\n {2}`zverse shew --create`/)
    mkdirSync(here.at('data'))
    expect(here.refused('data')).toBe(
      'zverse: data has no database\n  `zverse data --create` makes one there\n',
    )
    writeFileSync(here.at('data/x'), '')
    writeFileSync(here.at('data/y'), '')
    for (const line of ['data', 'get a --from data', 'put a 1 --to data', 'check data']) {
      expect(here.refused(line)).toMatch(/^zverse: data has no database, but 2 other files\n/)
    }
    expect(readdirSync(here.at('data'))).toEqual(['x', 'y'])
    expect(here.said('data --create', 'put a 1')).toBe('1\n')
    expect(here.said('data', 'get a')).toBe('1\n')
    expect(here.said('deep/er/data --create', 'put a 2')).toBe('1\n')
    expect(here.said('deep/er/data/ --create', 'get a')).toBe('2\n')
    writeFileSync(here.at('file'), '')
    expect(here.refused('put a 1 --to file --create')).toBe(
      'zverse: file is a file: a database lies in a directory\n  open a dump with --from\n',
    )
    expect(here.refused('file')).toBe(
      'zverse: there is no command file, but a file\n  open a dump with: zverse --from file\n',
    )
  })

  it('keeps everything: entries, versions, tags, stores, codecs, bounds', () => {
    using here = place()
    const first = 'put ["a",1] 1; put ["a",1] 2; tag two; store users; put ada {"born":1815}'
    const options = '--keys tuple --values json --history 2'
    expect(here.said(`shop --create ${options}`, first)).toBe('1\n2\n2\n3\n4\n')
    expect(here.said('shop', 'range; get ["a",1] --at two; put b 3; put b 4; put b 5')).toBe(
      '["a",1]\t2\n2\n5\n6\n7\n',
    )
    expect(here.said('shop --json', 'stats versions; stores')).toMatch(
      /^\{"version":7,"oldestVersion":5,.*\}\n\{"name":"users","keys":"tuple","values":"json"\}\n$/,
    )
    expect(here.said('get ada --store users --from shop')).toBe('{"born":1815}\n')
    expect(here.refused('shop --keys string')).toBe(
      'zverse: --keys string: shop has keys of codec tuple\n',
    )
    expect(here.refused('get a --from shop --values msgpack')).toBe(
      'zverse: --values msgpack: shop has values of codec json\n',
    )
    expect(here.said('shop --history 9', 'put b 6; put b 7; put b 8; stats versions')).toMatch(
      /versions.oldestVersion {2}5\n/,
    )
    expect(here.said('shop', 'keys-as string; keys-as')).toBe(
      'stores made from now on have keys of codec string; here they are tuple\ntuple\n',
    )
  })

  it('takes one command with --from or --to, and its changes stay', () => {
    using here = place()
    expect(here.said('put a 1 --to shop --create')).toBe('1\n')
    expect(here.said('put a 2 --to shop')).toBe('2\n')
    expect(here.said('put a 3 --from shop')).toBe('3\n')
    expect(here.said('put a 4 --from shop/ --to ./shop')).toBe('4\n')
    expect(here.said('tag four --to shop')).toBe('4\n')
    expect(here.said('delete a --to shop')).toBe('5\n')
    expect(here.said('get a --at four --from shop')).toBe('4\n')
    expect(here.said('get a --from shop')).toBe('(absent)\n')
    expect(here.said('put ada 1 --to shop --store users')).toBe('7\n')
    expect(here.said('stores --drop users --to shop')).toBe('8\n')
    expect(here.refused('get a --from shop --store users')).toBe(
      'zverse: there is no store users\n  there are none\n',
    )
    expect(here.said('stats shop versions')).toMatch(/^versions.version +8\n/)
    expect(here.said('--from shop', 'put a 5')).toBe('9\n')
    expect(here.refused('put a 1 --if-version 7 --to shop')).toBe(
      'zverse: the entry is version 9, not version 7 (ZVERSE_CONFLICT)\n' +
        '  read it again: --if-version 9 holds now\n',
    )
    expect(here.refused('shop get a')).toBe(
      'zverse: a directory takes no further word: get\n  one command: zverse get … --from shop\n',
    )
    expect(here.refused('shop x')).toMatch(/: x\n {2}quote names with spaces\n$/)
    expect(here.refused('put a 1 --from shop --to other/')).toBe(
      'zverse: shop and other/ are two databases\n  one at a time can be opened\n',
    )
  })

  it('takes dumps, and gives them', () => {
    using here = place()
    here.said('--to f.jsonl', 'put a 1; put a 2; tag two; delete a')
    expect(here.said('--from f.jsonl --to shop --create')).toBe('')
    expect(here.said('history a --from shop')).toMatch(/^1\t.*\t1\n2\t.*\t2\n3\t.*\t\(deleted\)\n$/)
    expect(here.said('get a --at two --from shop')).toBe('2\n')
    expect(here.said('--from shop --to g.jsonl')).toBe('')
    expect(here.said('count --from shop --to h.jsonl')).toBe('0\n')
    const dumped = readFileSync(here.at('f.jsonl'), 'utf8')
    for (const name of ['g', 'h']) {
      expect(readFileSync(here.at(`${name}.jsonl`), 'utf8')).toBe(dumped)
    }
    expect(here.refused('put x 1 --from shop --to f.jsonl')).toBe(
      'zverse: the changes of put would be in shop, too\n' +
        '  --to DIR alone keeps them there; `zverse dump FILE --history --from DIR` writes a dump\n',
    )
    expect(readFileSync(here.at('f.jsonl'), 'utf8')).toBe(dumped)
    expect(here.refused('--from f.jsonl --to shop')).toMatch(/^zverse: f.jsonl, line 1: .*CONFLICT/)
    here.said('put 1 1 --keys tuple --to t.jsonl')
    expect(here.refused('--from t.jsonl --to shop')).toBe(
      'zverse: shop has keys of codec string: t.jsonl has keys of codec tuple\n',
    )
    here.said('--from t.jsonl --to tuples --create')
    expect(here.said('range --from tuples')).toBe('1\t1\n')
    writeFileSync(here.at('rows.csv'), 'id,n\na,1\nb,2\n')
    expect(here.said('load rows.csv --key id --drop-key --to shop')).toBe('4\n')
    expect(here.said('range --from shop')).toBe('a\t{"n":1}\nb\t{"n":2}\n')
  })

  it('refuses options of directories without one', () => {
    using here = place()
    for (const [name, line] of [
      ['sync', '--sync never'],
      ['create', '--create'],
      ['sync', 'get a --from f.jsonl --sync never'],
    ]) {
      expect(here.refused(line as string)).toBe(
        `zverse: --${name} is for a database in a directory\n  zverse DIR --${name} …\n`,
      )
    }
    expect(here.refused('./data --create --sync always')).toBe(
      'zverse: --sync must be commit, interval or never, not always\n',
    )
    expect(existsSync(here.at('data'))).toBe(false)
  })

  it('syncs as it is told to, and all in the end', () => {
    using here = place()
    for (const mode of ['commit', 'interval', 'never']) {
      const line = `${mode}-shop --create --sync ${mode}`
      expect(here.said(line, 'put a 1; put a 2; flush; put a 3')).toBe('1\n2\n2\n3\n')
      expect(here.said(`get a --from ${mode}-shop --sync ${mode}`)).toBe('3\n')
    }
  })

  it('goes on writing when nobody reads the output', () => {
    using here = place()
    // More than a pipe takes.
    const puts = Array.from({ length: 500 }, (_, i) => `put key${i} ${'x'.repeat(200)}`)
    const commands = ['begin', ...puts, 'commit', 'range', 'range', 'put last 1', '']
    writeFileSync(here.at('commands'), commands.join('\n'))
    const line = 'zverse shop --create < commands | head -n 1; echo "$PIPESTATUS"'
    expect(shell(line, here.path)).toEqual({ out: '1\n0\n', err: '', code: 0 })
    expect(here.said('get last --from shop')).toBe('1\n')
  })
})

it.each(['SIGINT', 'SIGTERM'] as const)('on a pipe %s closes it', async signal => {
  using here = place()
  const child = spawn(process.execPath, [resolve('dist/cli/main.js'), 'shop', '--create'], {
    ...{ cwd: here.path, env: ENV, stdio: ['pipe', 'pipe', 'inherit'] },
  })
  child.stdin.write('put a 1\nbegin\nput a 2\n')
  let out = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    out += chunk
    if (out === '1\n2\n') child.kill(signal)
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
  expect(child.signalCode).toBe(signal)
  const lock = readdirSync(here.at('shop')).find(name => name.startsWith('lock')) as string
  expect(statSync(here.at(`shop/${lock}`)).size).toBe(0)
  expect(here.said('get a --from shop')).toBe('1\n')
})

describe('commands for directories', () => {
  it('check tells what opening has found, and fails where it is not ok', async () => {
    using here = place()
    here.said('shop --create', 'put a 1; put b 2')
    expect(here.said('check shop')).toBe(
      'read from the log: 3 changes\nok: every byte is accounted for\n',
    )
    expect(JSON.parse(here.said('check shop --json'))).toMatchObject({
      ...{ ok: true, problems: [], entries: 2 },
      recovery: { replayed: 3, tornBytes: 0, lost: [] },
    })
    const session = new Session(COMMANDS, OPENING)
    const { db } = session
    session.db = { ...db, check: () => ({ ok: false, problems: ['one', 'two'] }) } as never
    const sink = paper()
    const shell = { session, screen: new Screen('terminal', sink), aside: sink }
    await expect(run(shell, tokensOf('check'))).rejects.toThrow('check has found 2 problems')
    expect(sink.text).toBe('not ok:\none\ntwo\n')
    db.close()
  })

  it('check and the prompt refuse what is damaged; repair says what is lost', () => {
    using here = place()
    here.said('shop --create', 'put a 1; put b 2')
    // In the key of the last of three records: the one before it is whole. Without the value behind it, it may be a
    // checksum's byte, too.
    const log = readFileSync(here.at('shop/log-000000000001'))
    here.damage('shop', log.lastIndexOf('\0\0\0b\x02') + 3)
    const message = /^zverse: log-000000000001 is damaged at byte (\d+) \(ZVERSE_CORRUPT\)\n(.*)\n$/
    const hint =
      '  copy the directory; then `zverse repair shop` keeps what is whole, and says what is lost'
    for (const line of ['check shop', 'shop', 'get a --from shop', 'stats shop']) {
      expect(message.exec(here.refused(line))?.[2]).toBe(hint)
    }
    const offset = message.exec(here.refused('check shop'))?.[1]
    expect(here.said('repair shop')).toBe(
      `lost: shop/log-000000000001 from byte ${offset} on\nkept: versions 0 to 1\n`,
    )
    expect(here.said('range --from shop')).toBe('a\t1\n')
    expect(here.said('repair shop')).toBe('nothing is lost: version 1\n')
    expect(JSON.parse(here.said('repair shop --json'))).toMatchObject({ version: 1, lost: [] })
    expect(here.said('check shop')).toMatch(/\nok: /)
  })

  it('repair cannot do without a manifest', () => {
    using here = place()
    here.said('put a 1 --to shop --create')
    const manifest = readdirSync(here.at('shop')).find(name => name.startsWith('manifest'))
    writeFileSync(here.at(`shop/${manifest}`), 'nonsense')
    for (const line of ['check shop', 'repair shop']) {
      expect(here.refused(line)).toMatch(
        /is damaged: restore it from a backup \(ZV.*\n.*nothing else/,
      )
    }
    rmSync(here.at(`shop/${manifest}`))
    for (const line of ['check shop', 'repair shop', 'put a 2 --to shop']) {
      expect(here.refused(line)).toMatch(/shop has files of a database, but not .* manifest-<n>\n/)
    }
  })

  it('compact, and those that need a directory', () => {
    using here = place()
    here.said('shop --create --history 0', 'put a 1; put a 2; put b 3')
    expect(here.said('check shop')).toMatch(/^read from the log: 4 changes\n/)
    expect(here.said('compact shop')).toBe('3\n')
    // All is in the base.
    expect(here.said('check shop')).toBe('ok: every byte is accounted for\n')
    expect(here.said('put c 4 --to shop')).toBe('4\n')
    expect(here.said('check shop')).toMatch(/^read from the log: 1 change\n/)
    expect(here.said('shop', 'compact; range')).toBe('4\na\t2\nb\t3\nc\t4\n')
    for (const name of ['compact', 'repair']) {
      expect(here.refused(name)).toBe(`zverse: ${name} needs a directory\n  zverse ${name} DIR\n`)
      expect(here.refused(`${name} nowhere`)).toBe(
        'zverse: there is no database nowhere\n  `zverse nowhere --create` makes one there\n',
      )
    }
    for (const name of ['compact', 'flush']) {
      expect(here.refused('--keep-going', name)).toBe(
        'zverse: line 1: the database is in memory\n  `zverse DIR` opens one in a directory\n',
      )
    }
    expect(here.refused('shop', 'repair')).toBe(
      'zverse: line 1: repair opens a directory\n  from the shell: zverse repair DIR\n',
    )
    expect(here.refused('shop', 'begin; compact')).toMatch(/compacting has to wait/)
    expect(here.refused('stats nowhere')).toMatch(/there is no group nowhere/)
    expect(here.refused('check shop x')).toMatch(/check takes no further word: x/)
  })
})

describe('a directory that cannot be opened', () => {
  it('is open in another process, or this one', () => {
    using here = place()
    const path = realpathSync(here.path)
    const db = ZVerse.open({ ...ROOM, path: join(path, 'shop') })
    for (const line of ['shop', 'get a --from shop', 'check shop', 'repair shop']) {
      expect(here.refused(line)).toBe(
        `zverse: ${join(path, 'shop')} is open in process ${process.pid} (ZVERSE_LOCKED)\n` +
          '  one process at a time has it open: end that one first\n',
      )
    }
    db.close()
    expect(here.said('shop', 'count')).toBe('0\n')
  })

  it('does not fit: --max-bytes', () => {
    using here = place()
    const puts = Array.from({ length: 40 }, (_, i) => `put key${i} ${'x'.repeat(50_000)}`)
    here.said('shop --create', puts.join('\n'))
    expect(here.refused('shop --max-bytes 1m')).toMatch(
      /\(ZVERSE_FULL\)\n {2}give it more room: --max-bytes 4g, say\n$/,
    )
    expect(here.said('shop --max-bytes 16m', 'count')).toBe('40\n')
  })

  it('says what to do', async () => {
    const hints: [unknown, string | undefined][] = [
      [
        new ZVerseError('ZVERSE_FORMAT', 'm'),
        'open it with the zverse that made it, or a later one',
      ],
      [new ZVerseError('ZVERSE_INVALID_OPTION', 'm'), undefined],
      [new Error('m'), undefined],
    ]
    const failures = {
      EACCES: 'permission denied: the directory must be written to be opened, too',
      EROFS: 'the disk is read-only: a database must be written to be opened',
      ENOSPC: 'there is no room on the disk: nothing has changed, and with room it works again',
      EIO: undefined,
    }
    for (const [code, hint] of Object.entries(failures)) {
      const error = new ZVerseError('ZVERSE_IO', 'm', { cause: { code } })
      hints.push([error, hint])
      expect(await explain(error)).toEqual({ message: 'm (ZVERSE_IO)', hint })
    }
    for (const [error, hint] of hints) {
      expect((unopened(error, 'shop') as { hint?: string }).hint).toBe(hint)
    }
  })
})

it('a long opening is shown, a short one is not', async () => {
  const sink = paper()
  const quick = await openingProgress(sink)
  quick.onProgress({ done: 1, total: 2 })
  quick.end()
  expect(sink.text).toBe('')
  const long = await openingProgress(sink)
  await new Promise(resolve => setTimeout(resolve, 350))
  long.onProgress({ done: 5e6, total: 20e6 })
  long.end()
  expect(bare(sink.text)).toMatch(/^\r\[█{5} {15}\] {2}25 % {2}\S+ \S+\/s {2}\d+:\d\d left\r$/)
})

it('what a crash has left is told', () => {
  const recovery = { replayed: 1, tornBytes: 34, lost: [{ file: 'log-2', offset: 64 }] }
  const session = { path: '/a', wasMade: false, db: { recovery, version: 2, size: 1 } } as never
  const torn = 'cut off: 34 bytes of a commit that a crash has left unfinished'
  expect(greeting(session)).toBe(`/a: version 2, 1 key; ${torn}`)
  expect(recoveryLines(session)).toEqual([
    ...['read from the log: 1 change', torn, 'lost: /a/log-2 from byte 64 on'],
  ])
})

it('the prompt says where it is, and completes names there', async () => {
  using here = place()
  const session = new Session(COMMANDS, { ...OPENING, ...ROOM, path: here.at('my shop') })
  expect(session.prompt).toBe('zverse "my shop"')
  session.db.put('price', 1)
  await session.enter('users')
  expect(session.prompt).toBe('zverse "my shop":users')
  session.leaveStore()
  expect(complete(session, 'get pr')[0]).toEqual(['price '])
  expect(complete(session, 'fl')[0]).toEqual(['flush '])
  await session.close()
  expect(statSync(here.at('my shop')).isDirectory()).toBe(true)
})
