/** Replicas for the command's specs: logs in memory, and prompts on them. */
import { expect } from 'vitest'
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { joined } from '../../lib/cli/replica.js'
import { Session } from '../../lib/cli/session.js'
import { type ReplicatedLog, ZVerse } from '../../lib/index.js'
import { memoryLog } from '../../lib/replica/memory-log.js'
import { OPENING, still } from './fixtures.js'
import { Prompt } from './saying.js'

/** A log in memory as the command joins one. */
export function logNamed(name: string, log = memoryLog()) {
  return { name, servers: 'here', log: async (): Promise<ReplicatedLog> => log.node() }
}
export type Joining = ReturnType<typeof logNamed>

/** A prompt on a replica. */
export async function promptOn(
  joining: Joining,
  form: 'plain' | 'json' | 'terminal' = 'plain',
  options: object = {},
) {
  const given = { ...OPENING, replica: joining, ...options }
  const { db, opening } = await joined(joining, given, {})
  return new Prompt('msgpack', form, new Session(COMMANDS, opening, undefined, db))
}

/** Another node. */
export const nodeOf = async (joining: Joining, options: object = {}) => {
  return ZVerse.replicate({ maxBytes: 2 ** 24, log: await joining.log(), ...options })
}

/** A log that can be cut off: what is appended meanwhile waits. */
export function gated() {
  const log = memoryLog()
  let mended: Promise<void> | undefined
  let mend = () => {}
  let reach = () => {}
  let reached = Promise.resolve()
  const node = (): ReplicatedLog => {
    const own = log.node()
    const append: ReplicatedLog['append'] = async (...given) => {
      reach()
      await mended
      return own.append(...given)
    }
    return new Proxy(own, {
      get(of, name) {
        if (name === 'append') return append
        if (name === 'connected') return mended === undefined
        const found: unknown = Reflect.get(of, name, of)
        return typeof found === 'function' ? found.bind(of) : found
      },
    })
  }
  return {
    joining: { ...logNamed('shop', log), log: async () => node() },
    cut() {
      mended = new Promise(resolve => (mend = resolve))
      reached = new Promise(resolve => (reach = resolve))
    },
    mend() {
      mended = undefined
      mend()
    },
    /** Once something is appended that waits. */
    reached: () => reached,
  }
}

/** Ends prompts, whose databases must be sound. */
export async function end(...prompts: Prompt[]): Promise<void> {
  for (const prompt of prompts) {
    expect(prompt.session.db.check()).toMatchObject({ ok: true, problems: [] })
    prompt.end()
    await prompt.session.close()
  }
}

/** What is said, at times that stand still. */
export const said = (lines: string[]) => still(lines.join('\n'))
