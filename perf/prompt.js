/**
 * The time from the command `zverse` to its prompt, on a pseudo-terminal: `npm run bench:prompt [runs]`.
 *
 * Interleaved, medians with their spread: Node itself with nothing to do, the prompt on the screen, and the
 * answer to a first command that was typed before the prompt came. Needs `script` (util-linux).
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const RUNS = Number(process.argv[2] ?? 25)

/**
 * ms from the start of a command on a pseudo-terminal to a text on its screen.
 * @param {string} command
 * @param {string} text
 * @param {string} typed
 */
function timeTo(command, text, typed = '') {
  return new Promise((resolve, reject) => {
    const begin = performance.now()
    const env = { ...process.env, ZVERSE_HISTORY: '', TERM: 'xterm', NO_COLOR: '1' }
    const child = spawn('script', ['-qfec', command, '/dev/null'], { env })
    let screen = ''
    child.on('error', reject)
    child.stdout.on('data', chunk => {
      screen += chunk
      if (!screen.includes(text)) return
      resolve(performance.now() - begin)
      child.kill('SIGKILL')
    })
    child.stdin.write(typed)
  })
}

const node = JSON.stringify(process.execPath)
/** @type {[string, () => Promise<number>][]} */
const cases = [
  ['node, nothing to do', () => timeTo(`${node} -e 'process.stdout.write("there")'`, 'there')],
  ['zverse, to the prompt', () => timeTo(`${node} ${main}`, 'zverse> ')],
  ['zverse, to a first answer', () => timeTo(`${node} ${main}`, 'version 1', 'put a 1\n')],
]
/** @type {Map<string, number[]>} */
const times = new Map(cases.map(([name]) => [name, []]))
for (let run = 0; run < RUNS; run++) {
  for (const [name, measure] of cases) times.get(name)?.push(await measure())
}
for (const [name, all] of times) {
  all.sort((a, b) => a - b)
  const at = (/** @type {number} */ share) => all[Math.floor((all.length - 1) * share)].toFixed(0)
  console.log(`${name.padEnd(28)} ${at(0.5).padStart(5)} ms  (${at(0.1)} to ${at(0.9)})`)
}
