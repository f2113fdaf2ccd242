/** Prints at the end of a run which files took longest, for the budget in docs/tests.md. */
import type { Reporter, TestModule } from 'vitest/node'

const MOST = 10

/** Seconds of a file: its imports and its tests. */
function secondsOf(module: TestModule): number {
  const { prepareDuration, collectDuration, setupDuration, duration } = module.diagnostic()
  return (prepareDuration + collectDuration + setupDuration + duration) / 1000
}

export class Slowest implements Reporter {
  readonly #print

  constructor(print: (text: string) => void = text => void process.stdout.write(text)) {
    this.#print = print
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // The author of a single file looks at it anyway.
    if (modules.length < 2) return
    const files = modules.map(module => ({
      name: module.relativeModuleId,
      seconds: secondsOf(module),
    }))
    const total = files.reduce((sum, { seconds }) => sum + seconds, 0)
    const slowest = files.sort((a, b) => b.seconds - a.seconds).slice(0, MOST)
    const lines = slowest.map(({ name, seconds }) => `${seconds.toFixed(1).padStart(7)}  ${name}`)
    const head = `Slowest of ${files.length} files, in seconds of ${total.toFixed(0)}`
    this.#print(`\n${[head, ...lines].join('\n')}\n`)
  }
}
