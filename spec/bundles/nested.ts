/**
 * Every write verb inside every place where user code runs. It is given the package, for it runs over
 * bundles of it, under source maps, hooks and test runners that rename or hide frames of the stack.
 */
import vm from 'node:vm'

type Package = typeof import('../../lib/index.js')
type World = Awaited<ReturnType<typeof makeWorld>>
type Say = (fault: string) => void
/** Makes a call of the database that runs `inner` in its middle. */
interface Place {
  (world: World, inner: () => void): void
  /** The call writes nothing. */
  reads?: boolean
}
type Write = (world: World) => unknown
type Read = (world: World) => boolean

export interface Options {
  /** The platform distinguishes calls that a vm timeout cut off from those that run. */
  tellsStack?: boolean
  /** A few verbs stand for all. */
  brief?: boolean
}

export interface Report {
  cases: number
  faults: string[]
}

/** Tries all of it over a build of the package, and returns the problems. */
export async function nested(
  zverse: Package,
  { tellsStack = true, brief = false }: Options = {},
): Promise<Report> {
  const report: Report = { cases: 0, faults: [] }
  let what = ''
  let world: World | undefined
  /** A world for each place, as each case leaves it: whole, if nothing is wrong. */
  const begin = async (verb: string, place: string) => {
    report.cases++
    what = `${verb} in ${place}`
    world ??= await makeWorld(zverse, fault => report.faults.push(`${what}: ${fault}`))
    return world
  }
  const chosen = <V>(verbs: Record<string, V>) =>
    Object.entries(verbs).filter(([verb]) => !brief || /^(put|tag|check|get)\b/.test(verb))
  for (const [place, into] of Object.entries({ ...places(zverse), ...barred })) {
    for (const [verb, write] of chosen(writes(zverse))) {
      if (isApart(verb, place)) continue
      await tryWrite(await begin(verb, place), into, write)
    }
    for (const [verb, read] of chosen(reads)) {
      if (isApart(verb, place)) continue
      await tryRead(await begin(verb, place), into, read, place in barred)
    }
    // The user ends a transaction of beginWrite, also after a call in it was cut off.
    if (place !== 'beginWrite') await tryCut(await begin('cut off', place), into, tellsStack)
    world?.close()
    world = undefined
  }
  return report
}

/** Two handles of a thread are two users: one waits for the other, or goes before it. */
function isApart(verb: string, place: string): boolean {
  if (place === 'the other handle') return verb === 'beginWriteAsync' || verb === 'check'
  // But a clock is asked in the middle of a commit.
  return place !== 'a clock' && place in barred && verb.endsWith('through another handle')
}

/** A write is refused, and the operation around it takes effect without it. */
async function tryWrite(world: World, into: Place, write: Write): Promise<void> {
  const before = world.look()
  const tries: ReturnType<typeof attempt>[] = []
  const outer = await attempt(() => into(world, () => tries.push(attempt(() => write(world)))))
  if (outer.error !== undefined) world.say(`the outer call threw ${outer.error}`)
  if (tries.length === 0) world.say('the place was not reached')
  for (const { code, value } of await Promise.all(tries)) {
    if (code !== 'ZVERSE_NESTED_TRANSACTION') world.say(`gave ${code ?? String(value)}`)
  }
  const after = world.look()
  if (into.reads !== true) {
    const version = ++before.version
    before.versions.push(version)
    // Its value is 'written', or { written: true }.
    const isWritten = (entry: unknown[]) => /^\W*outer\W+written\b/.test(JSON.stringify(entry))
    const at = after.all.findIndex(isWritten)
    if (at >= 0) after.all.splice(at, 1)
    else world.say('lost the write')
  }
  const [expected, found] = [before, after].map(state => JSON.stringify(state))
  if (found !== expected) world.say(`left ${found}, not ${expected}`)
  world.end()
}

/** A read is right where it is allowed, and disturbs nothing. */
async function tryRead(world: World, into: Place, read: Read, isBarred: boolean): Promise<void> {
  const answers: boolean[] = []
  const outer = await attempt(() => into(world, () => answers.push(read(world))))
  if (isBarred) {
    if (outer.code !== 'ZVERSE_NESTED_TRANSACTION') world.say(`gave ${outer.code ?? answers}`)
  } else {
    if (outer.error !== undefined) world.say(`the outer call threw ${outer.error}`)
    if (answers.length === 0 || answers.includes(false)) world.say('was wrong')
    if (!world.db.has('outer')) world.say('lost the write')
  }
  world.end()
}

/** After a call that a vm timeout cut off, the next write goes on, or is refused for ever. */
async function tryCut(world: World, into: Place, tellsStack: boolean): Promise<void> {
  let wasThere = false
  const call = () =>
    into(world, () => {
      wasThere = true
      for (;;);
    })
  const { now } = Date
  // A slow machine may take longer to come to the place.
  for (let timeout = 4; !wasThere; timeout *= 2) {
    const { code } = await attempt(() => vm.runInNewContext('call()', { call }, { timeout }))
    // A timeout before the clock is asked would leave a loop that nothing cuts off.
    Reflect.set(Date, 'now', now)
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') continue
    if (tellsStack) world.say(`the place was not reached: ${code}`)
    break
  }
  const { code } = await attempt(() => world.db.put('later', 1))
  if (code === undefined && tellsStack) world.end()
  else if (code !== 'ZVERSE_NESTED_TRANSACTION' || tellsStack) world.say(`a put gave ${code}`)
}

interface Outcome {
  value?: unknown
  error?: unknown
  code?: string | undefined
}

async function attempt(body: () => unknown): Promise<Outcome> {
  try {
    return { value: await body() }
  } catch (error) {
    return { error, code: (error as { code?: string } | null)?.code }
  }
}

async function makeWorld({ ZVerse }: Package, say: Say) {
  const hooks = { encode: () => {}, decode: () => {} }
  const values = {
    name: 'hooked',
    encode(value: unknown): Uint8Array {
      hooks.encode()
      return Buffer.from(JSON.stringify(value))
    },
    decode(bytes: Uint8Array): unknown {
      hooks.decode()
      return JSON.parse(Buffer.from(bytes).toString())
    },
  }
  const db = ZVerse.open({ maxBytes: 2 ** 20 })
  const custom = db.store('custom', { values })
  const tuples = db.store('tuples', { keys: 'tuple' })
  const other = ZVerse.attach(await db.share(), {})
  db.put('a', 1)
  custom.put('c', 1)
  tuples.put(['t'], 1)
  db.tag('first')
  const quiet = { ...hooks }
  const look = () => {
    Object.assign(hooks, quiet)
    const all = [db, custom, tuples].flatMap(store => [...store.range()])
    const versions = db.versions().map(({ version }) => version)
    return { version: db.version, versions, all, stores: db.stores() }
  }
  const close = () => {
    other.close()
    db.close()
  }
  const end = () => {
    Object.assign(hooks, quiet)
    const { ok, problems } = db.check()
    if (!ok) say(problems.join('; '))
    for (const [i, handle] of [db, other, db].entries()) {
      try {
        const version = handle.put('end', i)
        if (db.version !== version || db.get('end') !== i) say('a later put was lost')
      } catch (error) {
        say(`a later put threw ${error}`)
      }
    }
    for (const store of [db, custom]) for (const key of ['outer', 'end']) store.delete(key)
    tuples.delete(['outer'])
  }
  return { db, other, codecs: [values], custom, tuples, hooks, say, look, end, close }
}

/** The places where user code runs, each with a call that runs `inner` there. */
function places({ ZVerse }: Package): Record<string, Place> {
  const transact: Place = (world, inner) =>
    world.db.transact(tx => {
      tx.put('outer', 'written')
      inner()
    })
  return {
    transact,
    'transact, before it writes': (world, inner) =>
      world.db.transact(tx => {
        inner()
        tx.put('outer', 'written')
      }),
    update: (world, inner) =>
      world.db.update('outer', () => {
        inner()
        return 'written'
      }),
    'update of a transaction': (world, inner) =>
      world.db.transact(tx =>
        tx.update('outer', () => {
          inner()
          return 'written'
        }),
      ),
    'an iteration in transact': (world, inner) =>
      world.db.transact(tx => {
        tx.put('outer', 'written')
        for (const _ of tx.range({ limit: 1 })) inner()
      }),
    beginWrite: (world, inner) => {
      const tx = world.db.beginWrite()
      tx.put('outer', 'written')
      inner()
      tx.commit()
    },
    'the other handle': (world, inner) =>
      world.other.transact(tx => {
        tx.put('outer', 'written')
        inner()
      }),
    load: (world, inner) => {
      const records = [...ZVerse.open().dump()]
      const end = records.pop()
      const iterable = {
        *[Symbol.iterator]() {
          yield* records
          yield { type: 'put', key: 'outer', value: 'written' }
          inner()
          yield end
        },
      }
      world.db.load(iterable)
    },
  }
}

/** Test runners put a clock in the place of the real one. */
function mockedClock(world: World, inner: () => void): void {
  const { now } = Date
  Date.now = () => {
    Date.now = now
    inner()
    return now.call(Date)
  }
  try {
    world.db.put('outer', 'written')
  } finally {
    Date.now = now
  }
}

/** The same, for places where no verb of the database may be called. */
const barred: Record<string, Place> = {
  ...(Object.isFrozen(Date) ? {} : { 'a clock': mockedClock }),
  'a getter': (world, inner) => world.db.put('outer', getter(inner)),
  'a getter in transact': (world, inner) => world.db.transact(tx => tx.put('outer', getter(inner))),
  'a Proxy': (world, inner) => {
    const handler: ProxyHandler<string[]> = {
      get(target, name) {
        inner()
        return Reflect.get(target, name)
      },
    }
    world.tuples.put(new Proxy(['outer'], handler), 'written')
  },
  'a getter in a batch': (world, inner) =>
    world.db.batch([{ type: 'put', key: 'outer', value: getter(inner) }]),
  encode: (world, inner) => {
    world.hooks.encode = inner
    world.custom.put('outer', 'written')
    world.hooks.encode = () => {}
  },
  'encode in transact': (world, inner) => {
    world.hooks.encode = inner
    world.db.transact(tx => tx.store(world.custom).put('outer', 'written'))
    world.hooks.encode = () => {}
  },
  decode: (world, inner) => {
    world.hooks.decode = inner
    world.custom.get('c')
    world.hooks.decode = () => {}
  },
  'decode in a range': (world, inner) => {
    world.hooks.decode = inner
    world.custom.range().toArray()
    world.hooks.decode = () => {}
  },
}

barred.decode.reads = true
barred['decode in a range'].reads = true

/** A value that runs `inner` when it is encoded. */
function getter(inner: () => void): object {
  return {
    get written() {
      inner()
      return true
    },
  }
}

const writes = ({ ZVerse }: Package): Record<string, Write> => ({
  put: ({ db }) => db.put('inner', 1),
  delete: ({ db }) => db.delete('a'),
  update: ({ db }) => db.update('inner', () => 1),
  batch: ({ db }) => db.batch([{ type: 'put', key: 'inner', value: 1 }]),
  transact: ({ db }) => db.transact(tx => tx.put('inner', 1)),
  beginWrite: ({ db }) => db.beginWrite(),
  beginWriteAsync: ({ db }) => db.beginWriteAsync(),
  clear: ({ db }) => db.clear(),
  'clear of a range': ({ db }) => db.clear({ gte: 'a' }),
  restore: ({ db }) => db.restore({ at: 0 }),
  tag: ({ db }) => db.tag('inner'),
  untag: ({ db }) => db.untag('first'),
  prune: ({ db }) => db.prune({ before: 2 }),
  setHistory: ({ db }) => db.setHistory({ versions: 1 }),
  store: ({ db }) => db.store('inner', {}),
  dropStore: ({ db }) => db.dropStore('custom'),
  'put of a store': ({ tuples }) => tuples.put(['inner'], 1),
  'clear of a store': ({ tuples }) => tuples.clear(),
  load: ({ db }) => db.load(ZVerse.open().dump()),
  'put through another handle': ({ other }) => other.put('inner', 1),
  'transact through another handle': ({ other }) => other.transact(tx => tx.put('inner', 1)),
})

const reads: Record<string, Read> = {
  check: ({ db }) => db.check().ok,
  stats: ({ db }) => typeof db.stats() === 'object',
  get: ({ db }) => db.get('a') === 1 && db.get('outer') === undefined,
  range: ({ db }) => db.range().toArray().length === 1,
  beginRead: ({ db }) => {
    const tx = db.beginRead()
    const right = tx.get('a') === 1
    tx.close()
    return right
  },
  dump: ({ db, codecs }) => [...db.dump({ codecs })].length > 2,
  diff: ({ db }) => [...db.diff(0, db.version)].length === 1,
}
