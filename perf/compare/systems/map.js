// @ts-check
/** JavaScript's `Map`: no order, no transactions; the bound for any get and put. */
import { taste } from '../../measure.js'

/** @returns {import('../../entries/stage.js').System} */
export function mapSystem() {
  return { name: 'Map', orderedLoad: false, encodings: ['string'], open: mapStore }
}

/** @returns {import('../../entries/stage.js').Store} */
function mapStore() {
  /** @type {Map<string, string>} */
  const map = new Map()
  /** @type {import('../../entries/stage.js').Store['putAll']} */
  const putAll = (keys, values) => {
    for (let i = 0; i < keys.length; i++) map.set(keys[i], values[i])
  }
  return {
    get: key => map.get(key),
    put: (key, value) => void map.set(key, value),
    putAll,
    loadSorted: putAll,
    deleteAll: keys => {
      for (let i = 0; i < keys.length; i++) map.delete(keys[i])
    },
    clear: () => map.clear(),
    scan: () => {
      let sum = 0
      for (const [key, value] of map) sum += taste(key) + taste(value)
      return sum
    },
    close: () => map.clear(),
  }
}
