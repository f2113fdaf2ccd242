/** The commands of earlier sessions: a file with one command a line, the oldest first. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** readline shows lines unescaped: characters on which a terminal acts must not come out of the file. */
const isCommand = (line: string) => line !== '' && !/[^\P{Cc}\t]/u.test(line)

/** How many commands are kept. */
export const HISTORY_LINES = 1000

/** The path of the file; undefined if none is wanted. */
export function historyPath(env: NodeJS.ProcessEnv): string | undefined {
  if (env.ZVERSE_HISTORY !== undefined) return env.ZVERSE_HISTORY || undefined
  const state = env.XDG_STATE_HOME || join(homedir(), '.local', 'state')
  return join(state, 'zverse', 'history')
}

/** The commands of earlier sessions, the newest first. A file that cannot be read counts as empty. */
export function readHistory(path: string | undefined): string[] {
  if (path === undefined) return []
  try {
    const lines = readFileSync(path, 'utf8').split('\n').filter(isCommand)
    const kept = lines.slice(-HISTORY_LINES)
    // Trimmed only now and then: concurrent sessions append to it.
    if (lines.length > 2 * HISTORY_LINES)
      writeFileSync(path, `${kept.join('\n')}\n`, { mode: 0o600 })
    return kept.reverse()
  } catch {
    return []
  }
}

/** Adds a command. If that fails the session goes on: the disk may be full, or not writable. */
export function appendHistory(path: string | undefined, line: string): void {
  if (path === undefined) return
  try {
    mkdirSync(dirname(path), { recursive: true })
    appendFileSync(path, `${line}\n`, { mode: 0o600 })
  } catch {}
}
