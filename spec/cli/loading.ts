/** Loads files in this process, as `load` does at the prompt. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { callOf } from '../../lib/cli/command.js'
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { Session } from '../../lib/cli/session.js'
import { type Mistake, tokensOf } from '../../lib/cli/words.js'
import { folder } from './fixtures.js'

export interface Loaded {
  /** Keys and values, each as a line. */
  readonly rows: string[]
  /** The messages about rows left out. */
  readonly said: string
  /** The error, with its hint. */
  readonly error: string | undefined
}

const LOAD = COMMANDS.find(({ name }) => name === 'load') as (typeof COMMANDS)[number]

/** Loads a file of a content. `keys` and `values` are the codecs. */
export async function load(
  content: string | Uint8Array,
  options: string,
  { name = 'in.csv', keys = 'string', values = 'msgpack', maxBytes = 2 ** 24 } = {},
): Promise<Loaded> {
  using place = folder()
  writeFileSync(join(place.path, name), content)
  const session = new Session(COMMANDS, { keys, values, maxBytes })
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  let error: string | undefined
  try {
    const call = await callOf(LOAD, tokensOf(`'${join(place.path, name)}' ${options}`))
    await LOAD.run(session, call)
  } catch (thrown) {
    const { message, hint } = thrown as Mistake
    const text = hint === undefined ? message : `${message}\n${hint}`
    error = text.replaceAll(`${place.path}/`, '')
  }
  // Node may warn, meanwhile, of what other specs of this process have dropped.
  const all = stderr.mock.calls.map(([text]) => String(text))
  const said = all.filter(text => !/^\(node:\d+\) \[ZVERSE_NOT_CLOSED\]/.test(text)).join('')
  stderr.mockRestore()
  const rows = [...session.db.entries()].map(([key, value]) => {
    return `${session.keys.write(key)} ${session.values.write(value)}`
  })
  expect(session.db.check().ok).toBe(true)
  session.close()
  return { rows, said, error }
}
