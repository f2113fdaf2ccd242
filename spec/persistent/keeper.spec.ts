/** The keeper's worker. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ZVerse } from '../../lib/index.js'
import { segmentName } from '../../lib/storage/log-reader.js'

describe('the keeper', () => {
  it('is at work beside a thread that never rests', () => {
    const path = mkdtempSync(join(tmpdir(), 'zverse-keeper-'))
    const db = ZVerse.open({ path, maxBytes: 2 ** 20 })
    const word = new Int32Array(new SharedArrayBuffer(4))
    const ahead = join(path, segmentName(2))
    // Five minutes at most; the thread's loop has no turn meanwhile.
    for (let i = 0; i < 30_000 && !existsSync(ahead); i++) Atomics.wait(word, 0, 0, 10)
    expect(existsSync(ahead)).toBe(true)
    db.close()
    rmSync(path, { recursive: true })
  })
})
