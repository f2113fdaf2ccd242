// @ts-check
/** The command line: its options, its help and its errors. */
import { parseArgs } from 'node:util'

export const HELP = `git time machine: a repository's whole history in zverse, one commit a version

  npm start                                       this repository
  npm start -- PATH                               any repository (or a directory in one)
  node examples/git-time-machine/main.js PATH     the same, once \`npm run build\` has run

Ask for something (instead of the tour):
  --file PATH         the history of a file: who changed it and when; with --at its content then
  --at COMMIT         the tree at a commit: a (short) name, a branch, a tag, HEAD~10
  --diff A B          what differs between two commits (A..B will do too)

  --verify HOW        compare with git: a number of commits spread evenly (25 on the tour),
                      'all' or 'none'
  --path DIR          keep it in a directory: memory has ten versions, the disk all of them; the next
                      time it is there already
  --max-bytes SIZE    most memory the database may take: 512MiB, 4GiB (default), up to 16GiB
  --help
`

/** The command line cannot be understood. */
export class UsageError extends Error {}

/** @typedef {{ path: string | undefined, directory: string | undefined,
 *   file: string | undefined, at: string | undefined,
 *   diff: [string, string] | undefined, verify: number, maxBytes: number, help: boolean }} Options */

const DEFINED = /** @type {const} */ ({
  file: { type: 'string' },
  at: { type: 'string' },
  diff: { type: 'string' },
  verify: { type: 'string' },
  path: { type: 'string' },
  'max-bytes': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
})

/**
 * @param {string[]} args
 * @returns {Options}
 * @throws {UsageError}
 */
export function readOptions(args) {
  let parsed
  try {
    parsed = parseArgs({ args, options: DEFINED, allowPositionals: true, tokens: true })
  } catch (error) {
    throw new UsageError(/** @type {Error} */ (error).message)
  }
  const { values, positionals, tokens } = parsed
  /** @type {[string, string] | undefined} */
  let diff
  if (values.diff !== undefined) {
    const dots = values.diff.split(/\.{2,3}/)
    if (dots.length === 2) diff = [dots[0] || 'HEAD', dots[1] || 'HEAD']
    else {
      // The second commit is the argument that follows the first.
      const option = tokens.findIndex(token => token.kind === 'option' && token.name === 'diff')
      const next = tokens[option + 1]
      if (next?.kind !== 'positional') throw new UsageError('--diff needs two commits: --diff A B')
      diff = [values.diff, next.value]
      positionals.splice(positionals.indexOf(next.value), 1)
    }
  }
  if (positionals.length > 1) {
    throw new UsageError(`one repository at a time, not ${positionals.length}`)
  }
  const asks = values.file !== undefined || values.at !== undefined || diff !== undefined
  return {
    path: positionals[0],
    directory: values.path,
    file: values.file,
    at: values.at,
    diff,
    verify: readVerify(values.verify ?? (asks ? 'none' : '25')),
    maxBytes: readSize(values['max-bytes'] ?? '4GiB'),
    help: values.help === true,
  }
}

/** @param {string} text @returns {number} of commits to verify */
function readVerify(text) {
  if (text === 'all') return Number.POSITIVE_INFINITY
  if (text === 'none') return 0
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`--verify takes 'all', 'none' or a number of commits, not '${text}'`)
}

/** @param {string} text @returns {number} */
function readSize(text) {
  const match = /^(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?$/i.exec(text)
  const power = match ? ['', 'K', 'M', 'G'].indexOf(match[2].toUpperCase()) : 0
  const bytes = match ? Math.floor(Number(match[1]) * 1024 ** power) : 0
  if (bytes < 1 || bytes > 16 * 1024 ** 3) {
    throw new UsageError(`--max-bytes takes a size up to 16GiB, such as 512MiB, not '${text}'`)
  }
  return bytes
}
