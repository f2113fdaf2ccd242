// @ts-check
/** Shared by the command lines of examples. */
import process from 'node:process'
import { parseArgs } from 'node:util'

/** The command line cannot be understood. */
export class UsageError extends Error {}

/**
 * The values of options.
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} T
 * @param {string[]} args
 * @param {T} options
 * @throws {UsageError}
 */
export function parse(args, options) {
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message)
  }
}

/**
 * The number that an option's text says.
 * @param {string} name @param {string} text @param {number} least @param {number} most
 * @throws {UsageError}
 */
export function wholeNumber(name, text, least, most) {
  const value = /^\d+$/.test(text) ? Number(text) : -1
  if (value >= least && value <= most) return value
  throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not '${text}'`)
}

/**
 * Runs an example with the options of the command line, and exits with its result, or with 2 if the command
 * line is invalid.
 * @template {{ help: boolean }} T
 * @param {string} help
 * @param {(args: string[]) => T} readOptions
 * @param {(options: T) => Promise<number>} run
 */
export async function main(help, readOptions, run) {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options.help) process.stdout.write(help)
    else process.exitCode = await run(options)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\nTry --help.\n`)
    process.exitCode = 2
  }
}
