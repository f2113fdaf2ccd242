/**
 * The log against a list: what is appended is read again; a crash at any moment loses no synced record and leaves a
 * prefix; damage is told, or harmless.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Directory } from '../../lib/storage/files.js'
import {
  KIND_CHANGE,
  KIND_MARK,
  KIND_VERSION,
  type LogEnd,
  SEGMENT_HEAD,
  segmentHead,
} from '../../lib/storage/log-format.js'
import { LogReader, segmentName } from '../../lib/storage/log-reader.js'
import { type LogState, LogWriter } from '../../lib/storage/log-writer.js'
import { seeded } from '../../perf/data.js'
import { Disk, type Random } from '../support/disk.js'
import { scaled } from '../support/runs.js'

const SALT = Uint8Array.from({ length: 16 }, (_, i) => i * 7)
const SEGMENT = 4096
const PART = 300
const LARGE = 900

/** Makes a segment ahead of its use, as the keeper does. */
function prepare(directory: Directory, number: number): void {
  const file = directory.open(segmentName(number), 'create')
  file.write(new Uint8Array(SEGMENT), 0)
  file.datasync()
  file.close()
  directory.sync()
}

interface Written {
  kind: number
  version: number
  body: number[]
}

/** A log on a disk, and what a correct one holds. */
class Model {
  disk: Disk
  end: LogEnd = { segment: 1, offset: SEGMENT_HEAD, check: 0 }
  readonly state: { begun: number; durable: LogEnd } = { begun: 0, durable: this.end }
  written: Written[] = []
  /** How many of them are certain to survive. */
  synced = 0
  writer: LogWriter

  constructor(disk = new Disk()) {
    this.disk = disk
    this.writer = this.#writer()
    if (disk.paths.length > 0) return
    prepare(this.directory, 1)
    const file = this.directory.open(segmentName(1), 'write')
    file.write(segmentHead(SALT, 1, undefined), 0)
    file.datasync()
    file.close()
  }

  get directory(): Directory {
    return new Directory(this.disk, 'db')
  }

  #writer(): LogWriter {
    const writer = new LogWriter(this.directory, SALT, this.state as LogState, SEGMENT)
    writer.partWords = PART
    writer.large = LARGE
    return writer
  }

  /**
   * Appends a record.
   * @param cut words that come in a call of their own before the rest
   * @param isLeft the rest never comes: the attempt is given up
   */
  append(kind: number, version: number, body: number[], cut = 0, isLeft = false): void {
    const words = Uint32Array.from(body)
    const head = { kind, flags: 0, version, time: version + 5 }
    this.writer.begin()
    const first = words.subarray(0, cut)
    const end = cut === 0 ? this.end : this.writer.append(this.end, head, first, true)
    if (isLeft) {
      // Where its writer does not die of it, it gives the room back.
      if (cut % 2 === 0) this.writer.giveUp()
      return
    }
    this.end = this.writer.append(end, head, words.subarray(cut))
    this.state.begun = 0
    if (kind !== KIND_MARK) this.written.push({ kind, version, body })
  }

  sync(): void {
    this.writer.sync(this.end.segment)
    this.synced = this.written.length
    this.state.durable = this.end
  }

  /** Reads the log of a disk from its beginning. */
  static read(disk: Disk): { records: Written[]; reader: LogReader } {
    const from = { segment: 1, offset: SEGMENT_HEAD, check: 0 }
    const reader = new LogReader(new Directory(disk, 'db'), SALT, from)
    const records: Written[] = []
    for (const { kind, version, time, body } of reader.records()) {
      expect(time).toBe(version + 5)
      records.push({ kind, version, body: [...body()] })
    }
    return { records, reader }
  }

  /** Goes on from what is on a disk, as opening it does. */
  reopened(disk: Disk): { model: Model; reader: LogReader } {
    const { records, reader } = Model.read(disk)
    const model = new Model(disk)
    model.end = reader.end
    model.state.begun = reader.end.segment + 1
    model.state.durable = reader.end
    model.written = records
    model.synced = records.length
    return { model, reader }
  }
}

/** A step of a random workload. */
type Step =
  | { body: number[]; kind: number; cut: number; isLeft: boolean }
  | 'sync'
  | 'mark'
  | 'prepare'
  | 'restart'

const body = fc.oneof(
  { weight: 8, arbitrary: fc.array(fc.nat(2 ** 32 - 1), { maxLength: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: 500, max: 3000 }).map(n => Array<number>(n).fill(7)) },
)
const steps = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        body,
        kind: fc.constantFrom(KIND_VERSION, KIND_CHANGE),
        cut: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(2000)),
        isLeft: fc.integer({ min: 0, max: 9 }).map(n => n === 0),
      }),
    },
    { weight: 4, arbitrary: fc.constant('sync' as const) },
    { weight: 1, arbitrary: fc.constant('mark' as const) },
    { weight: 1, arbitrary: fc.constant('prepare' as const) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  ),
  { maxLength: 40 },
)

function play(model: Model, step: Step, version: number): Model {
  if (step === 'sync') model.sync()
  else if (step === 'mark') {
    model.sync()
    model.append(KIND_MARK, 0, [])
  } else if (step === 'prepare') {
    const number = model.end.segment + 1
    const isThere = model.directory.list().includes(segmentName(number))
    if (!isThere) prepare(model.directory, number)
  } else if (step === 'restart') return model.reopened(model.disk.survived()).model
  else model.append(step.kind, version, step.body, step.cut, step.isLeft)
  return model
}

class Crash extends Error {}

describe('the log', () => {
  it('holds what was appended, over segments and restarts', () => {
    fc.assert(
      fc.property(steps, all => {
        let model = new Model()
        all.forEach((step, i) => {
          model = play(model, step, i + 1)
        })
        const { records, reader } = Model.read(model.disk)
        expect(records).toEqual(model.written)
        const isLeft = all.some(step => typeof step === 'object' && step.isLeft)
        if (!isLeft) expect(reader.tornBytes).toBe(0)
      }),
      { numRuns: scaled(100) },
    )
  })

  it('loses nothing synced in a crash at any call, and leaves what came first', () => {
    fc.assert(
      fc.property(steps, fc.nat(), fc.nat(), (all, at, seed) => {
        const random: Random = seeded(seed)
        let model = new Model()
        let written: Written[] = []
        const stop = model.disk.calls + (at % 120)
        const arm = () => {
          const { disk } = model
          disk.before = () => {
            if (disk.calls >= stop) throw new Crash()
          }
        }
        arm()
        try {
          all.forEach((step, i) => {
            written = [
              ...model.written,
              ...(typeof step === 'object' && !step.isLeft
                ? [{ kind: step.kind, version: i + 1, body: step.body }]
                : []),
            ]
            model = play(model, step, i + 1)
            arm()
          })
        } catch (error) {
          if (!((error as Error).cause instanceof Crash || error instanceof Crash)) throw error
        }
        model.disk.before = () => {}
        // What was being written when it crashed may be there.
        const possible = written.length > model.written.length ? written : model.written
        let disk = model.disk.crashed(random)
        // Crashes again, before anything was appended, change nothing.
        for (let again = 0; again < 2; again++) {
          const { records } = Model.read(disk)
          expect(records.length).toBeGreaterThanOrEqual(model.synced)
          expect(records).toEqual(possible.slice(0, records.length))
          disk = disk.crashed(random)
        }
        // And the log goes on.
        let { model: next } = model.reopened(disk)
        const before = next.written.length
        all.forEach((step, i) => {
          next = play(next, step, 1000 + i)
        })
        expect(Model.read(next.disk).records).toEqual(next.written)
        expect(next.written.length).toBeGreaterThanOrEqual(before)
      }),
      { numRuns: scaled(300) },
    )
  })

  it('ends where it ended when an append fails, and goes on when the next one works', () => {
    fc.assert(
      fc.property(steps, fc.nat(), fc.constantFrom('ENOSPC', 'EIO'), (all, at, code) => {
        const random: Random = seeded(at)
        let model = new Model()
        const fail = model.disk.calls + (at % 100)
        model.disk.before = syscall => {
          if (model.disk.calls === fail && syscall !== 'fdatasync')
            throw Disk.failure(code, syscall)
        }
        all.forEach((step, i) => {
          try {
            model = play(model, step, i + 1)
          } catch (error) {
            expect((error as { code: string }).code).toBe('ZVERSE_IO')
          }
        })
        model.disk.before = () => {}
        expect(Model.read(model.disk).records).toEqual(model.written)
        for (let crash = 0; crash < 3; crash++) {
          const { records } = Model.read(model.disk.crashed(random))
          expect(records.length).toBeGreaterThanOrEqual(model.synced)
          expect(records).toEqual(model.written.slice(0, records.length))
        }
      }),
      { numRuns: scaled(300) },
    )
  })

  it('gives back no room of a record that was cut off: others have written there since', () => {
    const model = new Model()
    const body = (version: number, length = 280) => Array.from({ length }, () => version)
    const { writer } = model
    // The end of the log is that of a segment: what comes next makes it longer.
    model.append(KIND_VERSION, 1, body(1, 4 * PART))
    const head = { kind: KIND_VERSION, flags: 0, version: 2, time: 7 }
    writer.begin()
    writer.append(model.end, head, Uint32Array.from(body(2)), true)
    model.writer = new Model(model.disk).writer
    for (let version = 2; version < 5; version++) model.append(KIND_VERSION, version, body(version))
    model.writer.close()
    model.disk.room = 100
    writer.begin()
    expect(() => writer.append(model.end, head, Uint32Array.from(body(5)))).toThrow(/ENOSPC/)
    expect(Model.read(model.disk).records).toEqual(model.written)
    expect(model.written).toHaveLength(4)
  })

  it('knows nothing of a segment that could be opened but not looked at', () => {
    for (const call of ['fstat', 'open']) {
      const model = new Model()
      const body = Array.from({ length: 280 }, () => 1)
      for (let version = 1; version < 9; version++) {
        model.disk.before = syscall => {
          if (syscall === call) throw Disk.failure('EMFILE', syscall)
        }
        // Another one was open.
        model.writer.close()
        expect(() => model.writer.sync(model.end.segment)).toThrow(/EMFILE/)
        model.disk.before = () => {}
        model.append(KIND_VERSION, version, body)
      }
      model.writer.close()
      expect(model.disk.openFiles).toBe(0)
      expect(Model.read(model.disk).records).toEqual(model.written)
    }
  })

  it('tells damage, or ends before it where nothing says that it had been synced', () => {
    fc.assert(
      fc.property(
        steps,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (all, file, at, flip) => {
          let model = new Model()
          all.forEach((step, i) => {
            model = play(model, step, i + 1)
          })
          const { paths } = model.disk
          const bytes = model.disk.bytesOf(paths[file % paths.length] as string)
          bytes[at % bytes.length]! ^= flip
          try {
            const { records } = Model.read(model.disk)
            expect(records).toEqual(model.written.slice(0, records.length))
          } catch (error) {
            expect((error as { code: string }).code).toBe('ZVERSE_CORRUPT')
          }
        },
      ),
      { numRuns: scaled(300) },
    )
  })

  it('tells damage of what a later record says is synced', () => {
    const model = new Model()
    for (let version = 1; version <= 3; version++) {
      model.append(KIND_VERSION, version, [version, 2, 3])
      model.sync()
    }
    const name = `db/${segmentName(1)}`
    model.disk.bytesOf(name)[SEGMENT_HEAD + 50]! ^= 1
    expect(() => Model.read(model.disk)).toThrow(
      expect.objectContaining({
        code: 'ZVERSE_CORRUPT',
        file: segmentName(1),
        offset: SEGMENT_HEAD,
      }),
    )
    // The last one may as well have been torn.
    model.disk.bytesOf(name)[SEGMENT_HEAD + 50]! ^= 1
    model.disk.bytesOf(name)[model.end.offset - 10]! ^= 1
    const { records, reader } = Model.read(model.disk)
    expect(records).toHaveLength(2)
    expect(reader.tornBytes).toBeGreaterThan(0)
  })

  it('takes no record of another database, segment or place', () => {
    const model = new Model()
    model.append(KIND_VERSION, 1, [1])
    const bytes = model.disk.bytesOf(`db/${segmentName(1)}`)
    const record = bytes.slice(SEGMENT_HEAD, model.end.offset)
    // The same record once more behind itself, as a value that holds a piece of the log could put it there.
    bytes.set(record, model.end.offset)
    expect(Model.read(model.disk).records).toHaveLength(1)
    const from = { segment: 1, offset: SEGMENT_HEAD, check: 0 }
    const other = new LogReader(
      model.directory,
      SALT.map(byte => byte + 1),
      from,
    )
    expect(() => [...other.records()]).toThrow('damaged at byte 0')
  })
})
