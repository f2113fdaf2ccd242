/** A prompt for specs: what it says to a line, and three people in it. */
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { explain, withHint } from '../../lib/cli/explain.js'
import { Screen } from '../../lib/cli/screen.js'
import { Session } from '../../lib/cli/session.js'
import { runLine } from '../../lib/cli/shell.js'
import { tokensOf } from '../../lib/cli/words.js'
import { OPENING, paper } from './fixtures.js'

/** A session of its own, whose lines are answered as on a pipe, errors included. */
export class Prompt implements Disposable {
  readonly session: Session
  readonly #sink = paper(200)
  readonly #screen: Screen

  constructor(
    values = 'msgpack',
    form: 'plain' | 'json' | 'terminal' = 'plain',
    session = new Session(COMMANDS, { ...OPENING, values }),
  ) {
    this.session = session
    this.#screen = new Screen(form, this.#sink)
  }

  async say(line: string): Promise<string[]> {
    const shell = { session: this.session, screen: this.#screen, aside: this.#sink }
    this.#sink.text = ''
    try {
      await runLine(shell, tokensOf(line))
    } catch (error) {
      this.#sink.text += withHint(await explain(error, this.session))
    }
    return this.#sink.text.split('\n').filter(line => line !== '')
  }

  /** Ends an output that goes on. */
  end(): void {
    this.#screen.end()
  }

  [Symbol.dispose](): void {
    this.end()
    void this.session.close()
  }
}

const PEOPLE = [
  'put ann {"of": "Bern", "age": 30, "tags": ["a", "b"], "at": [7.4, 46.9]}',
  'put bob {"of": "Bern", "age": 40, "tags": ["b"], "at": [8.5, 47.4]}',
  'put cid {"of": "Zug", "age": 50, "tags": [], "at": [8.5, 47.4]}',
]

/** A prompt with three people, at version 3. */
export async function people(values?: string, form?: 'plain' | 'json' | 'terminal') {
  const prompt = new Prompt(values, form)
  for (const line of PEOPLE) await prompt.say(line)
  return prompt
}

/** The keys that rows begin with. */
export const keysOf = (rows: string[]) => rows.map(row => row.split('\t')[0])
