/**
 * The suite that abstract-level publishes, unmodified, over every kind of database. Each is counted: a test
 * that is skipped, or that no longer registers because the manifest promises less, is missed.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)

/**
 * The numbers of tests and assertions of abstract-level 3.1.1's suite, if all is supported; in a directory, where
 * options of `open` are tested, too; and for text.
 */
const WHOLE = { tests: 1500, passed: 5156 }
const ON_DISK = { tests: 1509, passed: 5168 }
const UTF8 = { tests: 1412, passed: 4498 }

describe('the public suite of abstract-level', () => {
  const targets = ['own', 'small', 'text', 'directory', 'worker', 'replica']
  const output = new Map<string, string[]>()

  beforeAll(async () => {
    const command = ['spec/level/suite.js', ...targets]
    const { stdout } = await run(process.execPath, command, { maxBuffer: 2 ** 26 }).catch(error => {
      // The failed tests say more than the exit code.
      return error as { stdout: string }
    })
    const parts = stdout.split(/^over \w+\n/m)
    for (const [i, target] of targets.entries())
      output.set(
        target,
        (parts[i] ?? '').split('\n').filter(line => line !== ''),
      )
  })

  it.each([
    ['own', WHOLE, []],
    ['small', WHOLE, []],
    ['text', UTF8, []],
    ['directory', ON_DISK, []],
    ['worker', WHOLE, ['commits beside it: true']],
    ['replica', WHOLE, ['the other node is the same: true']],
  ])('over %s', (target, expected, said) => {
    const lines = output.get(target) as string[]
    expect(lines.filter(line => /^not ok|# SKIP|# TODO/.test(line))).toEqual([])
    const summary = lines.findIndex(line => /^# tests +\d+$/.test(line))
    const tests = lines.slice(0, summary).filter(line => line.startsWith('# ')).length
    const passed = Number(/^# pass +(\d+)$/.exec(lines[summary + 1] as string)?.[1])
    expect({ tests, passed }).toEqual(expected)
    expect(lines.slice(summary + 2)).toEqual(['# ok', ...said])
  })
})
