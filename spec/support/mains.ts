/**
 * Runs main modules of Node programs, to their end, without a process for each: such a process spends most
 * of its time loading modules. One process (`standing.js`) stands by for each spec file and runs them all.
 *
 * `ZVERSE_PROCESSES=1` gives each a process of its own, as the stress run does. Specs about signals,
 * terminals, pipes or output that ends early start processes themselves.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { receive, send } from './frames.js'

export interface Outcome {
  readonly out: string
  readonly err: string
  readonly code: number | null
}

export interface Surroundings {
  readonly input?: string | Uint8Array
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
}

interface Standing {
  readonly ended: Promise<unknown>
  readonly requests: number
  readonly answers: number
}

const OWN_PROCESSES = Boolean(process.env.ZVERSE_PROCESSES)
const SERVER = fileURLToPath(new URL('standing.js', import.meta.url))

/** The process that stands by, and those that their programs ended. */
const begun: { standing: Standing | undefined; ended: Promise<unknown>[] } = {
  ...{ standing: undefined, ended: [] },
}
afterAll(async () => {
  end()
  await Promise.all(begun.ended)
})

/** Runs a main module to its end, as `node MAIN ARGS…` would. */
export function runMain(main: string, args: readonly string[], around: Surroundings): Outcome {
  const { input = '', cwd, env } = around
  if (OWN_PROCESSES) return runProcess(main, args, around)
  begun.standing ??= start()
  const { requests, answers } = begun.standing
  const head = JSON.stringify({ main, args, cwd, env })
  send(requests, [Buffer.from(head), Buffer.from(input)])
  const parts = receive(answers)
  if (parts === undefined) {
    end()
    throw new Error(`the process that ran ${main} ${args.join(' ')} is gone`)
  }
  const [said, out, err] = parts.map(String)
  const { code, isEnding } = JSON.parse(said as string)
  if (isEnding) end()
  return { out: out as string, err: err as string, code }
}

/** The same by a process of its own. */
function runProcess(main: string, args: readonly string[], around: Surroundings): Outcome {
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, ...args], {
    ...around,
    ...{ encoding: 'utf8', maxBuffer: 2 ** 28 },
  })
  return { out: stdout, err: stderr, code: status }
}

function start(): Standing {
  const folder = mkdtempSync(join(tmpdir(), 'zverse-standing-'))
  const [to, from] = [join(folder, 'to'), join(folder, 'from')]
  spawnSync('mkfifo', [to, from])
  // For reading, too: else it would wait for a reader.
  const first = openSync(to, 'r+')
  // The shell opens both, so the end of the process is seen in any case.
  const script = 'exec "$0" --no-warnings --expose-gc "$1" 3< "$2" 4> "$3"'
  const child = spawn('sh', ['-c', script, process.execPath, SERVER, to, from], {
    ...{ stdio: ['ignore', 'ignore', 'inherit'] },
  })
  const ended = once(child, 'close')
  const answers = openSync(from, 'r')
  const requests = openSync(to, 'w')
  closeSync(first)
  rmSync(folder, { recursive: true })
  return { ended, requests, answers }
}

/** Releases the standing process: it ends when there are no more requests. */
function end(): void {
  if (begun.standing === undefined) return
  closeSync(begun.standing.requests)
  closeSync(begun.standing.answers)
  begun.ended.push(begun.standing.ended)
  begun.standing = undefined
}
