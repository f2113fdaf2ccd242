// @ts-check
/** A snapshot taken and released at once. */
const PINS = 1000

/** @type {import('../stage.js').Scenario} */
export const pin = {
  name: 'pin',
  title: 'pin + unpin of a snapshot',
  figures: { time: 'µs' },
  needs: ['pin'],
  start(stage) {
    const pin = /** @type {() => void} */ (stage.loaded.pin)
    const chunk = () => {
      for (let i = 0; i < PINS; i++) pin()
      return PINS
    }
    return { time: chunk }
  },
}
