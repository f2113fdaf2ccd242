/**
 * Replays transcripts: types what the documentation shows as typed, and compares the output with
 * what it shows.
 *
 * Lines that begin with a prompt go to a session whose screen is 80 columns wide; those that begin with `$`
 * go to a small shell, which knows only `zverse` and `cat`, in a folder with the files of {@link FILES}. There
 * `zverse DIR` begins a session on a directory, which the next line of the shell ends.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { COMMANDS } from '../../lib/cli/commands/all.js'
import { errorText, explain } from '../../lib/cli/explain.js'
import { Screen } from '../../lib/cli/screen.js'
import { Session } from '../../lib/cli/session.js'
import { runLine } from '../../lib/cli/shell.js'
import { Lexer } from '../../lib/cli/words.js'
import { OPENING, paper, still } from './fixtures.js'
import { shellWords, zverse } from './zverse.js'

/** The files in the folder of transcripts that use the shell. */
const FILES: Record<string, string> = {
  'cities.csv': 'name,lon,lat,zip\nBern,7.45,46.95,3000\nZürich,8.54,47.37,8000\n',
  'quakes.csv': 'id;lat;mag\na;38.50;2.1\nb;"60.1;1.4\nc;-0.25;4.5\n',
}
const PROMPT = /^(?:zverse(?: \S+)?\S*|\s*\.\.\.)> ?(.*)$/

/** The transcript as it is today. */
export async function replay(transcript: string): Promise<string> {
  const sink = paper()
  let session = new Session(COMMANDS, OPENING, 20)
  const screen = new Screen('terminal', sink)
  const lexer = new Lexer()
  let folder: string | undefined
  for (const line of transcript.split('\n')) {
    if (line.startsWith('$ ')) {
      folder ??= makeFolder()
      if (session.path !== undefined) session.close()
      const [, directory, mode] =
        /^zverse (\S+) --create(?: --sync (\w+))?$/.exec(line.slice(2)) ?? []
      if (directory === undefined) sink.text += `${line}\n${shell(folder, line.slice(2))}`
      else {
        sink.text += `${line}\n`
        session.close()
        const place = { path: join(folder, directory), sync: mode as 'never', background: false }
        session = new Session(COMMANDS, { ...OPENING, ...place }, 20)
      }
      continue
    }
    const typed = PROMPT.exec(line)?.[1]
    if (typed === undefined) continue
    const prompt = lexer.isOpen ? '...'.padStart(session.prompt.length) : session.prompt
    sink.text += `${`${prompt}> ${typed}`.trimEnd()}\n`
    try {
      if (typed === '' && screen.hasMore) await screen.print({ is: 'more' }, session)
      lexer.feed(typed)
      if (!lexer.isOpen) await runLine({ session, screen, aside: sink }, lexer.take())
    } catch (error) {
      lexer.reset()
      sink.text += `${errorText(await explain(error, session))}\n`
    }
  }
  screen.end()
  session.close()
  if (folder !== undefined) rmSync(folder, { recursive: true })
  return still(sink.text).trim()
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'zverse-replay-'))
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  return folder
}

function shell(folder: string, command: string): string {
  const [name, ...args] = shellWords(command)
  if (name === 'cat') return args.map(file => readFileSync(join(folder, file), 'utf8')).join('')
  if (name !== 'zverse')
    throw new Error(`a transcript runs ${name}, of which nothing is known here`)
  const { out, err } = zverse(args, '', folder)
  return out + err
}
