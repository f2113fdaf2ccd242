/** Fake clocks for all that they can fake, `nextTick` apart, by which Node itself lives. Not a spec. */
import FakeTimers from '@sinonjs/fake-timers'

/** The time that is then. */
export const NOON = Date.UTC(2001, 1, 3, 12)

/** @returns what puts the true ones back */
export function install() {
  const toFake = Object.keys(FakeTimers.timers).filter(name => name !== 'nextTick')
  const clock = FakeTimers.install({ now: NOON, toFake: /** @type {any} */ (toFake) })
  return () => clock.uninstall()
}
