// @ts-check
/** A system of points only: it has no row with string keys. */

/**
 * @param {string} name
 * @param {import('../../entries/points/field.js').PointSystem} points
 * @returns {import('../../entries/stage.js').System}
 */
export function noEntries(name, points) {
  return {
    name,
    orderedLoad: false,
    encodings: [],
    open: () => {
      throw new Error(`${name} holds points only`)
    },
    points,
  }
}
