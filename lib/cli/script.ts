/** Commands from a pipe: they run line by line as they come in, until one fails. */
import { explain, withHint } from './explain.js'
import { type Line, linesOf } from './lines.js'
import { runLine, type Shell } from './shell.js'
import { Lexer, Mistake } from './words.js'

/**
 * Runs the incoming lines.
 * @param keepGoing go on after a failed command
 * @param complain prints an error
 * @returns whether all went well
 */
export async function runScript(
  shell: Shell,
  input: AsyncIterable<Uint8Array>,
  keepGoing: boolean,
  complain: (text: string) => void,
): Promise<boolean> {
  const lexer = new Lexer()
  let ok = true
  const failed = async (error: unknown, line: number) => {
    ok = false
    complain(`line ${line}: ${withHint(await explain(error, shell.session))}`)
    lexer.reset()
  }
  /** The line in which the present command begins. */
  let begin = 1
  let last = 0
  for await (const line of linesOf(input)) {
    last = line.number
    if (lexer.isEmpty) begin = last
    try {
      lexer.feed(textOf(line))
      if (lexer.isOpen) continue
      await runLine(shell, lexer.take())
    } catch (error) {
      await failed(error, begin)
      if (!keepGoing) return false
    }
    if (shell.session.ended) break
  }
  if (lexer.isOpen) await failed(lexer.unclosed(), begin)
  if (shell.session.tx !== null) {
    await failed(
      new Mistake('the transaction was left open, and is aborted', 'end it with `commit`'),
      last,
    )
  }
  return ok
}

function textOf(line: Line): string {
  if (line.fault !== null) throw new Mistake(`${line.fault} of the line`)
  return line.text
}
