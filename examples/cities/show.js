// @ts-check
/** How answers look. */

/** @typedef {import('./ask.js').Found} Found */
/** @typedef {import('./ask.js').Question} Question */

/** @param {number} count */
export const grouped = count => Math.round(count).toLocaleString('en-US').replaceAll(',', ' ')

/** @param {number} ms */
export const duration = ms => {
  if (ms < 1) return `${grouped(1000 * ms)} µs`
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`
}

/** @param {number} count @param {string} one @param {string} many */
export const counted = (count, one, many) => `${grouped(count)} ${count === 1 ? one : many}`

/** @param {number} degrees @param {string} positive @param {string} negative */
const angle = (degrees, positive, negative) => {
  const letter = degrees < 0 ? negative : positive
  return `${Math.abs(degrees).toFixed(2)}° ${letter}`.padStart(9)
}

/**
 * @param {Found[]} found @param {number} top @returns {string[]} a line each for the first of them
 */
export function table(found, top) {
  const lines = found
    .slice(0, top)
    .map(({ key: [longitude, latitude, population], value, distance }) => {
      const km = distance === undefined ? '' : `${(distance / 1000).toFixed(1)} km`.padStart(11)
      const where = `${angle(latitude, 'N', 'S')} ${angle(longitude, 'E', 'W')}`
      const people = grouped(population).padStart(11)
      return `  ${km}${people}  ${where}  ${value.name}, ${value.country}`
    })
  if (found.length > top) lines.push(`  … and ${grouped(found.length - top)} more`)
  return lines
}

/** @param {Found[]} found */
export function summary(found) {
  const people = found.reduce((sum, { key }) => sum + key[2], 0)
  return `${counted(found.length, 'city', 'cities')}, ${grouped(people)} people`
}
