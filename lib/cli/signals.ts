/** Signals that end the process: something may be done before they do. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * A signal that ends the process does something first.
 * @param act what it throws keeps no process alive
 * @returns what ends that
 */
export function beforeSignals(act: () => unknown): () => void {
  const end = () => {
    for (const name of SIGNALS) process.off(name, die)
  }
  const die = async (signal: NodeJS.Signals) => {
    // The next one ends it at once.
    end()
    try {
      await act()
    } finally {
      process.kill(process.pid, signal)
    }
  }
  for (const name of SIGNALS) process.on(name, die)
  return end
}
