#!/usr/bin/env node
/**
 * The `zverse` command.
 *
 * Without arguments it must be quick to its prompt: what arguments need is loaded only where there are
 * some.
 */
import { endWithReader } from './output.js'
import { complain, startSession } from './start.js'

endWithReader(process.stdout)
endWithReader(process.stderr)
try {
  const argv = process.argv.slice(2)
  if (argv.length === 0) process.exitCode = await startSession({})
  else {
    const { runArguments } = await import('./arguments.js')
    process.exitCode = await runArguments(argv)
  }
} catch (error) {
  await complain(error)
  process.exitCode = 1
}
