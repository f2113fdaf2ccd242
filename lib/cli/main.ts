#!/usr/bin/env node
/**
 * The `zverse` command.
 *
 * Without arguments it must reach its prompt quickly, and shows it before it loads the database. It loads the
 * modules for arguments only if there are some.
 */
import { endWithReader } from './output.js'

endWithReader()

async function main(argv: readonly string[]): Promise<number> {
  if (argv.length > 0) {
    const { runArguments } = await import('./arguments.js')
    return runArguments(argv)
  }
  if (process.stdin.isTTY && process.stdout.isTTY) {
    const { prompt } = await import('./prompt.js')
    const { shell } = await prompt(async () => (await import('./start.js')).openPlain())
    await shell.session.close()
    return 0
  }
  const { startSession } = await import('./start.js')
  return startSession({})
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const { complain } = await import('./start.js')
  await complain(error)
  process.exitCode = 1
}
