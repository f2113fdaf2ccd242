/** Manifests: the last one that is durable counts, whenever the system crashes. */
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Directory } from '../../lib/storage/files.js'
import { readManifest, writeManifest } from '../../lib/storage/manifest.js'
import { seeded } from '../../perf/data.js'
import { Disk } from '../support/disk.js'
import { scaled } from '../support/runs.js'

const content = (segment: number) => ({
  ...{ salt: 'ab', keys: 'string', values: 'msgpack', version: 0, time: 5 },
  bases: [{ number: 1, version: 3, log: { segment, offset: 72, check: 8 }, bytes: 9 }] as const,
})

const segmentIn = (disk: Disk) => readManifest(new Directory(disk, 'db'))?.bases[0].log.segment ?? 0

describe('manifests', () => {
  it('say what was written last', () => {
    const disk = new Disk()
    const directory = new Directory(disk, 'db')
    expect(readManifest(directory)).toBeNull()
    for (const segment of [1, 2, 3]) {
      writeManifest(directory, content(segment))
      expect(readManifest(directory)).toMatchObject({ format: 1, ...content(segment) })
      expect(directory.list()).toHaveLength(1)
    }
  })

  it('survive a crash at any call: the last durable one counts, or the next', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(), (at, seed) => {
        const disk = new Disk()
        const directory = new Directory(disk, 'db')
        let durable = 0
        disk.before = () => {
          if (disk.calls > at) throw Disk.failure('KILLED', 'any')
        }
        try {
          for (let segment = 1; segment < 5; segment++) {
            writeManifest(directory, content(segment))
            durable = segment
          }
        } catch {
          // It crashed.
        }
        disk.before = () => {}
        const left = disk.crashed(seeded(seed))
        const segment = segmentIn(left)
        expect(segment).toBeGreaterThanOrEqual(durable)
        expect(segment).toBeLessThanOrEqual(durable + 1)
        writeManifest(new Directory(left, 'db'), content(9))
        expect(segmentIn(left)).toBe(9)
      }),
      { numRuns: scaled(1000) },
    )
  })

  it('that are damaged, or of another format or order of bytes, are refused', () => {
    const disk = new Disk()
    const directory = new Directory(disk, 'db')
    writeManifest(directory, content(1))
    const bytes = disk.bytesOf('db/manifest-1')
    bytes[20]! ^= 1
    expect(() => readManifest(directory)).toThrow(
      expect.objectContaining({ code: 'ZVERSE_CORRUPT', file: 'manifest-1' }),
    )
    for (const text of ['{"format":2,"order":"LE"}', '{"format":1,"order":"XX"}']) {
      const check = crc32(text).toString(16).padStart(8, '0')
      const disk = new Disk()
      const file = disk.open('db/manifest-1', 'create')
      disk.write(file, Buffer.from(`${text}\n${check}\n`), 0)
      expect(() => segmentIn(disk)).toThrow(expect.objectContaining({ code: 'ZVERSE_FORMAT' }))
    }
  })
})
