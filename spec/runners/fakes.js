/** Fake clocks for all that they can fake. Not a spec. */
import FakeTimers from '@sinonjs/fake-timers'

/** The time that is then. */
export const NOON = Date.UTC(2001, 1, 3, 12)

/** To the end of the thread. */
export function install() {
  const toFake = /** @type {any} */ (Object.keys(FakeTimers.timers))
  FakeTimers.install({ now: NOON, toFake })
}
