/** The fixtures of the command's specs: a session, a folder, a screen. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Sink } from '../../lib/cli/output.js'

/** Little room: many sessions wait for the garbage collector. */
export const OPENING = { keys: 'string', values: 'msgpack', maxBytes: 2 ** 24 }

/** A folder that is gone after the test. */
export function folder(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'zverse-cli-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** A screen that records its output. */
export function paper(columns = 80): Sink & { text: string } {
  return {
    ...{ text: '', columns, isTTY: true },
    write(text) {
      this.text += text
      return true
    },
    once: () => {},
    off: () => {},
  }
}

/** Dates and times as they are in the documentation: always the same one. */
export function still(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/g, '2026-11-20 10:03:05.250')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '2026-11-20T10:03:05.250Z')
    .replace(/("timestamp":)\d+/g, '$11795170985250')
    .replace(/(oldestPinnedMs +)\d+/g, '$10')
    .replace(/(oldestPinnedThread +)\d+/g, '$10')
}
