/** The logs in memory and in a file keep the contract, in files that are locked and tidy. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { conformance, type Harness } from '../../lib/replica/conformance.js'
import { fileLog } from '../../lib/replica/file-log.js'
import type { LocalLog } from '../../lib/replica/local-log.js'
import type { ReplicatedLog } from '../../lib/replica/log.js'
import { memoryLog } from '../../lib/replica/memory-log.js'
import { DRIZZLE, type Faults, FaultyLog } from '../support/faulty-log.js'

const PATIENCE = 60_000
let directory = ''
let files = 0
const newPath = () => join(directory, `deep/${++files}/log`)

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zverse-logs-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

async function opened<T extends ReplicatedLog>(log: T): Promise<T> {
  await log.open()
  return log
}

function harnessOf(log: LocalLog): Harness {
  return { open: () => opened(log.node()) }
}

/** The same behind faults that nobody should notice; nodes can be cut off. */
function faultyHarness(log: LocalLog, seed: number, faults: Partial<Faults>): Harness {
  return {
    open: () => opened(new FaultyLog(log.node(), { seed: seed++, faults })),
    cut: node => (node as FaultyLog).cut(),
    mend: node => (node as FaultyLog).mend(),
  }
}

describe.each<[string, () => LocalLog]>([
  ['the log in memory', () => memoryLog()],
  ['the log in a file', () => fileLog(newPath())],
])('%s', (_, make) => {
  describe('keeps the contract', () => {
    for (const { name, run } of conformance) it(name, () => run(harnessOf(make())))
  })

  describe('keeps the contract behind a slow line', () => {
    for (const { name, run } of conformance) {
      it(name, () => run(faultyHarness(make(), Math.floor(Math.random() * 1e6), DRIZZLE)))
    }
  })

  it('is a node itself, and each node is opened and closed for itself', async () => {
    const log = make()
    const other = log.node()
    await expect(other.append(0, 'a', new Uint8Array(1), PATIENCE)).rejects.toMatchObject({
      ...{ name: 'LogUnavailable', outcome: 'none' },
    })
    expect([log.connected, other.connected]).toEqual([false, false])
    await Promise.all([log.open(), log.open(), other.open()])
    expect([log.connected, other.connected]).toEqual([true, true])
    expect(await log.append(0, 'a', new Uint8Array(1), PATIENCE)).toBe(1)
    await log.close()
    await expect(log.open()).rejects.toMatchObject({ name: 'LogUnavailable' })
    expect(await other.append(1, 'b', new Uint8Array(1), PATIENCE)).toBe(2)
    await other.close()
    const again = await opened(other.node())
    expect(await again.ends()).toEqual({ first: 1, last: 2 })
    expect(await again.append(0, 'b', new Uint8Array(1), PATIENCE)).toBe(2)
    await again.close()
    // One that was never opened.
    await log.node().close()
  })

  it('has its records for itself', async () => {
    const log = await opened(make())
    const bytes = Uint8Array.of(1, 2, 3)
    const appending = log.append(0, 'a', bytes, PATIENCE)
    bytes.fill(9)
    await appending
    bytes.fill(9)
    for (let i = 0; i < 2; i++) {
      for await (const record of log.read(1, new AbortController().signal)) {
        expect([...record.bytes]).toEqual([1, 2, 3])
        record.bytes.fill(8)
        break
      }
    }
    await log.close()
  })

  it('gives an append up that takes too long, where nothing was written, or nobody knows', async () => {
    const log = await opened(make())
    const late = log.append(0, 'a', new Uint8Array(1), 0).then(
      sequence => ({ sequence }),
      (error: unknown) => error as object,
    )
    // It depends on which timer is the faster one.
    const outcome = await late
    if (!('sequence' in outcome)) expect(outcome).toMatchObject({ name: 'LogUnavailable' })
    expect(await log.append(0, 'a', new Uint8Array(1), Number.POSITIVE_INFINITY)).toBe(1)
    await log.close()
  })
})

describe('options', () => {
  it('a wrong one is named', () => {
    const wrong = (option: string) =>
      expect.objectContaining({ code: 'ZVERSE_INVALID_OPTION', option })
    const bad = (call: () => unknown, option: string) => expect(call).toThrow(wrong(option))
    for (const maxRecordBytes of [0, -1, 1.5, 2 ** 26 + 1, '1', null, Number.NaN]) {
      bad(() => memoryLog({ maxRecordBytes } as object), 'maxRecordBytes')
      bad(() => fileLog('x', { maxRecordBytes } as object), 'maxRecordBytes')
    }
    bad(() => memoryLog({ size: 1 } as object), 'size')
    bad(() => fileLog('x', { size: 1 } as object), 'size')
    bad(() => memoryLog(null as unknown as object), 'options')
    for (const path of ['', 'a\0b', 1, undefined]) bad(() => fileLog(path as string), 'path')
    expect(memoryLog().maxRecordBytes).toBe(2 ** 20)
    expect(memoryLog({ maxRecordBytes: 10 }).maxRecordBytes).toBe(10)
    expect(fileLog('x', { maxRecordBytes: undefined }).maxRecordBytes).toBe(2 ** 20)
  })
})

describe('the file of a log', () => {
  it('is open once', async () => {
    const path = newPath()
    const log = await opened(fileLog(path))
    const second = fileLog(path)
    await expect(second.open()).rejects.toMatchObject({ code: 'ZVERSE_LOCKED', pid: process.pid })
    await log.append(0, 'a', new Uint8Array(1), PATIENCE)
    await log.close()
    // What was refused can be tried again.
    await second.open()
    expect(await second.ends()).toEqual({ first: 1, last: 1 })
    await second.close()
  })

  it('stands alone but for its lock once it is closed, and beside a snapshot', async () => {
    const path = newPath()
    const log = await opened(fileLog(path))
    for (let i = 0; i < 3; i++) await log.append(i, `${i}`, new Uint8Array(100), PATIENCE)
    const parts = async function* () {
      yield Uint8Array.of(1)
    }
    for (const sequence of [2, 3]) {
      await log.putSnapshot({ sequence, version: 7, parts: parts() })
      await log.trim(sequence)
    }
    await log.close()
    const names = ['log', 'log.lock', 'log.snapshot-3-7']
    expect((await readdir(join(path, '..'))).sort()).toEqual(names)
    // Of a process that died.
    for (const name of ['log.draft-log', 'log.draft-snapshot-1', 'log.snapshot-2-1']) {
      await writeFile(join(path, '..', name), 'half')
    }
    const again = await opened(fileLog(path))
    expect(await again.getSnapshot()).toMatchObject({ sequence: 3, version: 7 })
    expect(await again.ends()).toEqual({ first: 3, last: 3 })
    await again.close()
    expect((await readdir(join(path, '..'))).sort()).toEqual(names)
  })

  it('is no other file', async () => {
    const path = join(directory, 'text')
    await writeFile(
      path,
      'this is a text of more than sixty-four bytes, which is what a head has, or so',
    )
    await expect(fileLog(path).open()).rejects.toMatchObject({ code: 'ZVERSE_FORMAT' })
    await writeFile(path, '')
    await expect(fileLog(path).open()).rejects.toMatchObject({
      ...{ code: 'ZVERSE_CORRUPT', file: path, offset: 0 },
    })
    await expect(fileLog(directory).open()).rejects.toMatchObject({ code: 'ZVERSE_IO' })
  })
})
