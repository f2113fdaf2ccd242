/** Examples run as their users run them: programs that check themselves and report the result. */
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { UsageError } from '../../examples/command-line.js'
import { runMain } from '../support/mains.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs `examples/NAME/main.js` to its end. */
export function runExample(name: string, args: string[]) {
  return runMain(`${ROOT}examples/${name}/main.js`, args, { cwd: ROOT, env: process.env })
}

/** A number of the summary. */
export function figure(out: string, pattern: RegExp): number {
  const found = pattern.exec(out)?.[1]
  expect(found, String(pattern)).toBeDefined()
  return Number((found as string).replaceAll(' ', ''))
}

/**
 * Command lines that an example refuses, by message: its parser refuses all of them, and the program the
 * first one, which proves the exit code and the output of a refusal.
 */
export function itRefuses(
  name: string,
  readOptions: (args: string[]) => unknown,
  lines: readonly (readonly [args: string[], message: RegExp])[],
): void {
  it.each(lines)('refuses a command line that makes no sense: %j', (args, message) => {
    let refusal: unknown
    try {
      readOptions(args)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toBeInstanceOf(UsageError)
    expect((refusal as UsageError).message).toMatch(message)
    if (args !== lines[0]?.[0]) return
    const { code, out, err } = runExample(name, args)
    expect(err).toMatch(message)
    expect(err).toMatch(/\nTry --help\.\n$/)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })
}

/** `--help` is no error, and has the option. */
export function itTells(name: string, option: string): void {
  it('tells its options', () => {
    expect(runExample(name, ['--help'])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(option),
    })
  })
}
