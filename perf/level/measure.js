// @ts-check
/** Timing of work that is awaited, as ../measure.js times the rest. */
import { SAMPLE_MS, WARM_MS } from '../measure.js'

/**
 * µs an operation, repeated until the sample is long enough.
 * @param {() => Promise<number>} chunk does some operations and returns how many
 */
export async function timeRepeated(chunk) {
  const begin = performance.now()
  while (performance.now() - begin < WARM_MS) await chunk()
  let operations = 0
  let elapsed = 0
  const start = performance.now()
  do {
    operations += await chunk()
    elapsed = performance.now() - start
  } while (elapsed < SAMPLE_MS)
  return (elapsed * 1000) / operations
}

/**
 * µs an operation, each after a preparation that is not timed.
 * @param {() => Promise<unknown>} prepare
 * @param {() => Promise<unknown>} work
 */
export async function timePrepared(prepare, work) {
  let operations = 0
  let elapsed = 0
  const begin = performance.now()
  for (let isWarm = false; elapsed < SAMPLE_MS; ) {
    await prepare()
    const start = performance.now()
    await work()
    const end = performance.now()
    if (isWarm) {
      elapsed += end - start
      operations++
      // Work with a long preparation and a short operation has enough of it.
      if (end - begin > 10 * SAMPLE_MS) break
    } else isWarm = end - begin > WARM_MS
  }
  return (elapsed * 1000) / operations
}

/**
 * µs an operation of work that cannot be repeated.
 * @param {number} operations
 * @param {() => Promise<unknown>} work
 */
export async function timeOnce(operations, work) {
  const start = performance.now()
  await work()
  return ((performance.now() - start) * 1000) / operations
}
