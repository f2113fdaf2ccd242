/** Writes docs/cli.md from the command table of the built command: `npm run build && node docs/cli.js`. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { OWN_OPTIONS } from '../dist/cli/arguments.js'
import { COMMANDS } from '../dist/cli/commands/all.js'
import { reference } from '../dist/cli/reference.js'

export const PAGE = new URL('cli.md', import.meta.url)

export function page() {
  return reference(COMMANDS, OWN_OPTIONS)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(PAGE, page())
