// @ts-check
/**
 * The time from the command `zverse` to its prompt, on a pseudo-terminal: Node itself with nothing to do, the
 * prompt on the screen, and the answer to a first command that was typed before the prompt came. Needs `script`
 * (util-linux).
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const node = JSON.stringify(process.execPath)

/**
 * Runs a command on a pseudo-terminal until a text is on its screen.
 * @param {string} command
 * @param {string} text
 * @param {string} [typed]
 * @returns {Promise<number>}
 */
function show(command, text, typed = '') {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ZVERSE_HISTORY: '', TERM: 'xterm', NO_COLOR: '1' }
    const child = spawn('script', ['-qfec', command, '/dev/null'], { env })
    let screen = ''
    child.on('error', reject)
    child.stdout.on('data', chunk => {
      screen += chunk
      if (!screen.includes(text)) return
      resolve(1)
      child.kill('SIGKILL')
    })
    child.stdin.write(typed)
  })
}

/** @param {() => Promise<number>} run */
const work = run => ({ run, isAsync: true })

/** @type {import('../stage.js').Scenario} */
export const prompt = {
  name: 'prompt',
  title: 'the command',
  figures: {
    prompt: { what: 'to its prompt', unit: 'ms' },
    answer: { what: 'to a first answer', unit: 'ms' },
    node: { what: 'node, nothing to do', unit: 'ms' },
  },
  inTurns: ['node', 'prompt', 'answer'],
  start: () => ({
    node: work(() => show(`${node} -e 'process.stdout.write("there")'`, 'there')),
    prompt: work(() => show(`${node} ${main}`, 'zverse> ')),
    answer: work(() => show(`${node} ${main}`, 'version 1', 'put a 1\n')),
  }),
}
