/**
 * The suite that abstract-level publishes, unmodified, over every kind of database. Each is counted: a test
 * that is skipped, or that no longer registers because the manifest promises less, is missed.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)

/** What the suite of abstract-level 3.1.1 registers, and asserts, where all is supported; and for text. */
const WHOLE = { tests: 1500, passed: 5156 }
const UTF8 = { tests: 1412, passed: 4498 }

describe.concurrent('the public suite of abstract-level', () => {
  it.each([
    ['own', WHOLE, []],
    ['small', WHOLE, []],
    ['text', UTF8, []],
    ['worker', WHOLE, ['commits beside it: true']],
  ])('over %s', async (target, expected, said) => {
    const command = ['spec/level/suite.js', target]
    const { stdout } = await run(process.execPath, command, { maxBuffer: 2 ** 26 }).catch(error => {
      // What failed is more telling than the exit code.
      return error as { stdout: string }
    })
    const lines = stdout.split('\n').filter(line => line !== '')
    expect(lines.filter(line => /^not ok|# SKIP|# TODO/.test(line))).toEqual([])
    const summary = lines.findIndex(line => /^# tests +\d+$/.test(line))
    const tests = lines.slice(0, summary).filter(line => line.startsWith('# ')).length
    const passed = Number(/^# pass +(\d+)$/.exec(lines[summary + 1] as string)?.[1])
    expect({ tests, passed }).toEqual(expected)
    expect(lines.slice(summary + 2)).toEqual(['# ok', ...said])
  })
})
