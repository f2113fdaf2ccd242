/** The lock of a directory: one owner at a time, whoever dies when, and what cannot be told is refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Directory } from '../../lib/storage/files.js'
import { isDead, Lock, type Owner, type Processes } from '../../lib/storage/lock.js'
import { Disk } from '../support/disk.js'
import { scaled } from '../support/runs.js'

const HERE = { boot: 'b', namespace: 'n', host: 'h' }
const owner = (pid: number, began = pid * 10): Owner => ({ ...HERE, pid, began })

/** Processes of a system, some of them dead. */
class System {
  readonly alive = new Map<number, number>()

  as(pid: number): Processes {
    this.alive.set(pid, pid * 10)
    return { self: owner(pid), beginOf: other => this.alive.get(other) ?? 'gone' }
  }
}

const LOCKED = (pid: number) => expect.objectContaining({ code: 'ZVERSE_LOCKED', pid })

describe('the lock', () => {
  it('has one owner, until it is given back or the owner is dead', () => {
    const system = new System()
    const directory = new Directory(new Disk(), 'db')
    const first = Lock.take(directory, system.as(1))
    expect(() => Lock.take(directory, system.as(1))).toThrow(LOCKED(1))
    expect(() => Lock.take(directory, system.as(2))).toThrow(LOCKED(1))
    first.giveBack()
    Lock.take(directory, system.as(2))
    expect(() => Lock.take(directory, system.as(1))).toThrow(LOCKED(2))
    system.alive.delete(2)
    Lock.take(directory, system.as(3))
    // A number that was used again is another process.
    system.alive.set(3, 99)
    Lock.take(directory, system.as(4))
    expect(directory.list()).toEqual(['lock-4'])
  })

  it.each<[string, Partial<Owner>, boolean]>([
    ['of this system, gone', { pid: 9 }, true],
    ['of this system, there', { pid: 1 }, false],
    ['whose number was used again', { pid: 1, began: 11 }, true],
    ['of a system without begins, there', { pid: 1, began: null }, false],
    ['of the run of the system before', { pid: 1, boot: 'c' }, true],
    ['of another container', { pid: 9, namespace: 'm' }, false],
    ['of another machine', { pid: 9, host: 'g', boot: 'c' }, false],
  ])('takes the death of a process %s for what it is', (_, difference, expected) => {
    const system = new System()
    expect(isDead({ ...owner(1), ...difference }, system.as(1))).toBe(expected)
  })

  it('names a dead container or machine that cannot be told from a living one, and what to do', () => {
    const system = new System()
    const directory = new Directory(new Disk(), 'db')
    Lock.take(directory, { ...system.as(1), self: { ...owner(1), host: 'elsewhere', boot: 'x' } })
    expect(() => Lock.take(directory, system.as(2))).toThrow(/elsewhere.*delete db.lock-1/)
  })

  it('is refused where its name leads to no file, as a dangling link does', () => {
    const system = new System()
    const disk = new Disk()
    const directory = new Directory(disk, 'db')
    Lock.take(directory, system.as(1)).giveBack()
    disk.before = (syscall, path) => {
      if (syscall === 'open' && path === 'db/lock-1') throw Disk.failure('ENOENT', syscall, -2)
    }
    expect(() => Lock.take(directory, system.as(2))).toThrow(
      expect.objectContaining({ code: 'ZVERSE_CORRUPT', file: 'lock-1', offset: 0 }),
    )
    disk.before = () => {}
    // Of names that no lock has.
    for (const name of ['lock-007', 'lock-99999999999999999999999']) {
      disk.replace(`db/${name}`, new Uint8Array())
    }
    expect(Lock.take(directory, system.as(2)).number).toBe(2)
  })

  it('goes to one of many processes that race for it, suspended and killed at any call', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(999), { maxLength: 60 }), fc.nat(5), (choices, dead) => {
        const disk = new Disk()
        const system = new System()
        const directory = new Directory(disk, 'db')
        if (dead > 2) {
          Lock.take(directory, system.as(99))
          system.alive.delete(99)
        }
        // Before its n-th call a process lets others run, from their begin to their end, or dies.
        let owners: number[] = []
        let next = 1
        const run = (depth: number) => {
          const pid = next++
          const saved = disk.before
          const processes = system.as(pid)
          disk.before = () => {
            const choice = choices.pop() ?? 0
            if (choice % 7 === 1 && depth < 6) run(depth + 1)
            if (choice % 31 === 2) {
              system.alive.delete(pid)
              throw Disk.failure('KILLED', 'any')
            }
          }
          try {
            Lock.take(directory, processes)
            owners.push(pid)
          } catch {
            // It died, or somebody else has the lock.
          }
          disk.before = saved
        }
        for (let i = 0; i < 6; i++) run(0)
        owners = owners.filter(pid => system.alive.has(pid))
        expect(owners.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: scaled(1000) },
    )
  })
})
