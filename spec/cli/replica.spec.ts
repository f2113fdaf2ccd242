/** The command on replicas: what goes into the log, what is refused, how one is joined, and the end. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it, vi } from 'vitest'
import { OWN_OPTIONS, ownHelp, runArguments } from '../../lib/cli/arguments.js'
import { complete } from '../../lib/cli/complete.js'
import { explain } from '../../lib/cli/explain.js'
import { greeting, replicaWords } from '../../lib/cli/place.js'
import { joined, joiningIn } from '../../lib/cli/replica.js'
import { openShell, startSession } from '../../lib/cli/start.js'
import { ZVerseError } from '../../lib/index.js'
import { folder, OPENING } from './fixtures.js'
import { end, gated, type Joining, logNamed, nodeOf, promptOn, said } from './replicas.js'
import { Prompt } from './saying.js'

describe('a session on a replica', () => {
  it('loads rows and dumps as one of its own does', async () => {
    using place = folder()
    const file = (name: string, text: string) => {
      writeFileSync(join(place.path, name), text)
      return join(place.path, name)
    }
    const rows = file('rows.csv', 'id,n\na,1\nb,2\n"c,3\nd,4\n')
    const good = file('good.csv', 'id,n\na,1\nb,2\n')
    const late = file('late.jsonl', `{"id":"x","n":1}\n{"id":"${'k'.repeat(20_000)}"}\n{"id"\n`)
    const source = new Prompt()
    for (const typed of [
      'put p 1',
      'store users',
      'put ann {"n": 1}',
      'index n n',
      'put bob {"n": 2}',
    ]) {
      await source.say(typed)
    }
    const [dump, past] = [join(place.path, 'dump.jsonl'), join(place.path, 'past.jsonl')]
    await source.say(`dump ${dump}`)
    await source.say(`dump ${past} --history`)
    const broken = file('broken.jsonl', '')
    const text = readFileSync(dump, 'utf8').split('\n')
    writeFileSync(
      broken,
      [...text.slice(0, 2), '{"type":"put","store":"none","key":1}', ...text.slice(2)].join('\n'),
    )
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    const plain = new Prompt()
    const joining = logNamed('shop')
    const replica = await promptOn(joining)
    const other = await nodeOf(joining)
    const both = async (typed: string) => {
      const answers: string[] = []
      for (const prompt of [plain, replica]) {
        stderr.mockClear()
        const lines = await prompt.say(typed)
        answers.push(said([...lines, ...stderr.mock.calls.map(([text]) => String(text))]))
      }
      expect(answers[1], typed).toBe(answers[0])
      return answers[1] as string
    }
    await both('put a 0')
    expect(await both(`load ${rows} --key id`)).toContain('never closed')
    expect(await both(`load ${rows} --key id --skip-bad`)).toContain('bad rows left out: 1')
    expect(await both(`load ${late} --key id`)).toContain('line 2:')
    expect(await both(`load ${late} --key id --skip-bad`)).toContain('bad rows left out: 2')
    expect(await both(`load ${broken}`)).toMatch(/line 3: .*ZVERSE_/)
    expect(await both(`load ${dump}`)).toBe(String(replica.session.db.version))
    await both('store users')
    await both('indexes')
    await both('where n = 2')
    await both(`load ${good} --key id --value n`)
    await both('range')
    await both('index n2 n --unique')
    await both(`load ${good} --key n`)
    await both('versions')
    const before = replica.session.db.version
    expect(await replica.say(`load ${past}`)).toEqual([
      `${past}: a dump with history is loaded into no replica, whose versions are those of its log`,
      `  \`zverse dump FILE --from ${past}\` writes its newest version alone, which can be loaded`,
    ])
    expect(replica.session.db.version).toBe(before)
    await other.sync()
    expect([...other.dump()]).toEqual([...replica.session.db.dump()])
    stderr.mockRestore()
    await end(source, plain, replica)
    await other.close()
  })

  it('refuses what cannot go into a log, and says what to do', async () => {
    const replica = await promptOn(logNamed('shop'))
    expect(await replica.say('begin')).toEqual([
      'a replica has no open transactions',
      '  `batch put a 1; put b 2` makes one version of several writes',
    ])
    for (const typed of ['compact', 'backup there', 'flush', 'restore-to --to there', 'runs']) {
      expect(await replica.say(typed)).toEqual([
        'this replica is in memory',
        '  `zverse DIR --nats …` keeps one in a directory',
      ])
    }
    expect(replica.session.isNew).toBe(false)
    expect(await replica.say('keys-as tuple')).toEqual([
      'stores made from now on have keys of codec tuple; here they are string',
    ])
    await end(replica)
  })

  it('decides on what is newest anywhere', async () => {
    const joining = logNamed('shop')
    const [a, b] = [await promptOn(joining), await promptOn(joining)]
    const typed = Array.from({ length: 20 }, () => "update n 'n => (n ?? 0) + 1'")
    await Promise.all(
      [a, b].map(async prompt => {
        for (const line of typed) await prompt.say(line)
      }),
    )
    await a.say('sync')
    expect(await a.say('get n')).toEqual(['40'])
    expect(await b.say('sync')).toEqual(['40'])
    expect(await b.say('get n')).toEqual(['40'])
    await Promise.all([a.say('store users'), b.say('store users')])
    expect(a.session.entered?.name).toBe('users')
    expect(b.session.entered?.name).toBe('users')
    await Promise.all([a.say('tag x'), b.say('put k 1')])
    await a.say('at x')
    const [restored] = await Promise.all([a.say('restore'), b.say('put k 2')])
    expect(restored).toEqual([String(Number(restored[0]))])
    expect(a.session.place).toBe(null)
    await b.say('sync')
    await a.say('sync')
    expect([...a.session.db.dump()]).toEqual([...b.session.db.dump()])
    await end(a, b)
  })

  it('watches what other nodes write', async () => {
    const joining = logNamed('shop')
    const prompt = await promptOn(joining)
    const other = await nodeOf(joining)
    await prompt.say('watch')
    await other.submit({ type: 'put', key: 'k', value: 1 })
    expect(await prompt.say('sync')).toEqual(['1', '+ k 1'])
    await end(prompt)
    await other.close()
  })

  it('says where it is', async () => {
    const joining = logNamed('shop')
    const prompt = await promptOn(joining)
    const { session } = prompt
    expect(session.prompt).toBe('zverse shop')
    await prompt.say('put a 1')
    await prompt.say('store users')
    await prompt.say('at 1')
    expect(session.prompt).toBe('zverse shop:users@1')
    const { node = '' } = session.db.replica ?? {}
    expect(greeting(session)).toBe(
      `stream shop of here: version 2, 1 key\nnode ${node}, connected: all 3 records of the log are here`,
    )
    expect(await prompt.say('stats replica')).toEqual([
      'replica.connected  true',
      'replica.last       3',
      'replica.applied    3',
      'replica.lagMs      0',
      `replica.node       ${node}`,
      'replica.rejoined   0',
    ])
    expect((await prompt.say('stats')).filter(line => line.startsWith('replica.')).length).toBe(6)
    expect(complete(session, 'syn')).toEqual([['sync '], 'syn'])
    await end(prompt)
    expect(await new Prompt().say('stats replica')).toEqual([
      expect.stringContaining('no group replica'),
      expect.anything(),
    ])
    const state = { connected: false, last: 9, applied: 7, lagMs: 12.4, node: 'n', rejoined: 0 }
    expect(replicaWords(state)).toBe('node n, not connected: 7 of 9 records are here, 12 ms behind')
    const error = new ZVerseError('ZVERSE_CORRUPT', 'record 8 is damaged')
    expect(replicaWords({ ...state, error })).toBe(
      'node n, record 8 is damaged: 7 of 9 records are here, 12 ms behind',
    )
  })

  it('goes on reading while the log cannot be reached, and Ctrl-C ends the waiting', async () => {
    const gate = gated()
    const prompt = await promptOn(gate.joining)
    const { session } = prompt
    await prompt.say('put a 1')
    gate.cut()
    expect(session.prompt).toBe('zverse shop (not connected)')
    const waiting = prompt.say('put a 2')
    await gate.reached()
    session.interrupted = true
    expect(await waiting).toEqual(['stopped: what is under way goes on'])
    session.interrupted = false
    expect(await prompt.say('get a')).toEqual(['1'])
    gate.mend()
    expect(await prompt.say('sync')).toEqual(['2'])
    expect(await prompt.say('get a')).toEqual(['2'])
    expect(session.prompt).toBe('zverse shop')
    await end(prompt)
    const unknown = new ZVerseError('ZVERSE_UNAVAILABLE', 'x', { outcome: 'unknown' })
    expect((await explain(unknown, session)).hint).toMatch(/^look whether it is there/)
    const none = new ZVerseError('ZVERSE_UNAVAILABLE', 'x', { outcome: 'none' })
    expect((await explain(none, session)).hint).toMatch(/^nothing has changed/)
  })

  it('has what is under way written when it ends', async () => {
    const gate = gated()
    const prompt = await promptOn(gate.joining)
    const other = await nodeOf(gate.joining)
    gate.cut()
    const written = prompt.say('put a 1')
    await gate.reached()
    const closed = prompt.session.close()
    gate.mend()
    expect(await closed).toBe(false)
    expect(await written).toEqual(['1'])
    await other.sync()
    expect(other.get('a')).toBe(1)
    await other.close()
  })
})

describe('joining', () => {
  it('takes the codecs of the log, unless others are asked for', async () => {
    const joining = logNamed('shop')
    const first = await nodeOf(joining, { keys: 'tuple', values: 'json' })
    await first.submit({ type: 'put', key: ['a', 1] as never, value: 1 })
    const prompt = await promptOn(joining)
    expect(await prompt.say('range')).toEqual(['["a",1]\t1'])
    expect(prompt.session.values.name).toBe('json')
    await end(prompt)
    const asked = { keys: 'string' }
    await expect(joined(joining, { ...OPENING, replica: joining }, asked)).rejects.toThrow(
      '--keys string: shop has keys of codec tuple',
    )
    await first.close()
  })

  it('keeps a replica in a directory, and tells all nodes of --history', async () => {
    using place = folder()
    const path = join(place.path, 'here')
    const joining = logNamed('shop')
    const other = await nodeOf(joining)
    for (const n of [1, 2, 3]) await other.submit({ type: 'put', key: 'k', value: n })
    const open = (options: object) =>
      openShell({ replica: joining, path, json: true, maxBytes: 2 ** 24, ...options }, true)
    await expect(open({})).rejects.toThrow('there is no database')
    const { session } = await open({ create: true, history: 1, store: 'users' })
    expect(session.prompt).toBe('zverse shop:users')
    await session.db.compact()
    await session.close()
    await other.submit({ type: 'put', key: 'k', value: 4 })
    expect(other.oldestVersion).toBe(other.version - 1)
    const again = await open({})
    expect(again.session.db.get('k' as never)).toBe(4)
    expect(again.session.db.check().ok).toBe(true)
    await again.session.close()
    await other.close()
  })

  it('reads its options', () => {
    expect(joiningIn(undefined, undefined, undefined)).toBe(undefined)
    for (const [given, message] of [
      [[undefined, 's', undefined], '--stream is for a replicated log'],
      [[undefined, undefined, '3'], '--replicas is for a replicated log'],
      [['localhost', undefined, undefined], '--nats needs --stream'],
      [['localhost', 's', 'x'], '--replicas must be 1, 3 or 5, not x'],
    ] as const) {
      const [nats, stream, replicas] = given
      expect(() => joiningIn(nats, stream, replicas)).toThrow(message)
    }
    const named = joiningIn('nats://me:p%40ss@a:4222, b:4223', 'shop', undefined)
    expect(named).toMatchObject({ name: 'shop', servers: 'nats://a:4222,b:4223' })
    expect(joiningIn('secret@a', 'shop', '3')?.servers).toBe('a')
  })
})

/** What one command prints, as a process of its own would. */
async function oneShot(joining: Joining, ...argv: string[]) {
  const out: string[] = []
  const write = (text: unknown) => {
    out.push(String(text))
    return true
  }
  const spies = [process.stdout, process.stderr].map(stream => {
    return vi.spyOn(stream, 'write').mockImplementation(write as never)
  })
  try {
    const options = ['--nats', 'here', '--stream', joining.name, '--max-bytes', '16m']
    const code = await runArguments([...argv, ...options], joining.log).catch(error => {
      out.push(`zverse: ${(error as Error).message}\n`)
      return 1
    })
    return { said: out.join(''), code }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

describe('one command on a replica', () => {
  it('joins, reads or writes, and leaves', async () => {
    using place = folder()
    const joining = logNamed('shop')
    const ok = async (...argv: string[]) => {
      const { said, code } = await oneShot(joining, ...argv)
      expect({ said, code }, argv.join(' ')).toEqual({ said, code: 0 })
      return said
    }
    expect(await ok('put', 'a', '1')).toBe('1\n')
    expect(await ok('put', 'a', '2')).toBe('2\n')
    expect(await ok('get', 'a', '--at', '1')).toBe('1\n')
    expect(await ok('put', 'x', '1', '--store', 'users')).toBe('4\n')
    expect(await ok('range', '--store', 'users')).toBe('x\t1\n')
    expect(await ok('tag', 'now-and-then', '2')).toBe('2\n')
    expect(await ok('stats', 'replica')).toMatch(/^replica.connected {2}true\nreplica.last {7}6\n/)
    const file = join(place.path, 'f.jsonl')
    expect(await ok('dump', file, '--history')).toMatch(/^\d+\n$/)
    expect(await ok('stores', '--drop', 'users')).toBe('5\n')
    expect(await oneShot(joining, 'load', file)).toMatchObject({ code: 1 })
    for (const [argv, message] of [
      [['get', 'a', '--from', file], 'a log has a beginning of its own: it takes no --from FILE'],
      [['put', 'a', '1', '--to', file], 'the changes of put would be in the log, too'],
      [['compact'], 'compact needs a directory'],
      [['begin'], 'begin works only at the prompt'],
      [['repair', `${place.path}/`], 'repair opens the directory alone'],
    ] as const) {
      expect(await oneShot(joining, ...argv)).toEqual({ said: `zverse: ${message}\n`, code: 1 })
    }
    const db = await nodeOf(joining)
    expect([db.version, db.get('a')]).toEqual([5, 2])
    await db.close()
  })

  it('its options are in the help', () => {
    for (const name of ['nats', 'stream', 'replicas']) {
      expect(OWN_OPTIONS.some(option => option.name === name)).toBe(true)
      expect(ownHelp()).toContain(`--${name} `)
    }
  })
})

it('commands from a pipe go into the log, and the end waits for them', async () => {
  const joining = logNamed('shop')
  const input = Readable.from([Buffer.from('put a 1\nput b 2; get a\nbegin\n')])
  const stdin = vi.spyOn(process, 'stdin', 'get').mockReturnValue(input as never)
  const out: string[] = []
  const spies = [process.stdout, process.stderr].map(stream => {
    return vi
      .spyOn(stream, 'write')
      .mockImplementation(((text: unknown) => out.push(String(text))) as never)
  })
  try {
    expect(await startSession({ replica: joining, maxBytes: 2 ** 24 })).toBe(1)
  } finally {
    for (const spy of [stdin, ...spies]) spy.mockRestore()
  }
  expect(out.join('')).toBe(
    '1\n2\n1\nzverse: line 3: a replica has no open transactions\n' +
      '  `batch put a 1; put b 2` makes one version of several writes\n',
  )
  const db = await nodeOf(joining)
  expect(db.get('b')).toBe(2)
  await db.close()
})
