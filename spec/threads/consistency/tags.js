// @ts-check
/**
 * The tags in a history. Each name is moved by one thread only, so its moves have an order; a
 * concurrent reader may find it before or after a move that is under way.
 */

/** @typedef {import('./kinds.js').Event} Event */
/** @typedef {{ a: number, b: number, version: number | null, sure: boolean }} Move */

export class Tags {
  /** @type {Map<string, Move[]>} */
  #moves = new Map()

  /** @param {readonly Event[]} events by their beginnings */
  constructor(events) {
    for (const { op, r, a, b } of events) {
      if ((op.o !== 'tag' && op.o !== 'untag') || r?.e !== undefined) continue
      const moves = this.#moves.get(op.name) ?? []
      this.#moves.set(op.name, moves)
      // A thread that was killed while it tagged the present: any version is possible.
      const version = op.o === 'untag' ? null : (r?.v ?? op.at ?? Number.NaN)
      moves.push({ a, b, version, sure: r !== undefined })
    }
  }

  /**
   * The versions that a tag can have been on between two stamps; null for none.
   * @param {string} name
   * @param {number} a
   * @param {number} b
   */
  values(name, a, b) {
    /** @type {(number | null)[]} */
    let values = [null]
    for (const move of this.#moves.get(name) ?? []) {
      if (move.a > b) break
      if (move.b < a && move.sure) values = [move.version]
      else values.push(move.version)
    }
    return values
  }

  /**
   * Whether a version was tagged all the time between two stamps.
   * @param {number} version
   * @param {number} a
   * @param {number} b
   */
  surelyHeld(version, a, b) {
    return [...this.#moves.keys()].some(name => {
      return this.values(name, a, b).every(value => value === version)
    })
  }

  /**
   * Whether it may have been tagged at some time between them.
   * @param {number} version
   * @param {number} a
   * @param {number} b
   */
  perhapsHeld(version, a, b) {
    return [...this.#moves.keys()].some(name => {
      return this.values(name, a, b).some(value => value === version || Number.isNaN(value))
    })
  }

  /**
   * The problems of the tags in a list of versions.
   * @param {[number, number, string[]][]} list
   * @param {number} a
   * @param {number} b
   */
  wrongIn(list, a, b) {
    /** @type {Map<string, number>} */
    const found = new Map()
    for (const [version, , tags] of list) for (const name of tags) found.set(name, version)
    for (const name of new Set([...this.#moves.keys(), ...found.keys()])) {
      const possible = this.values(name, a, b)
      const value = found.get(name) ?? null
      if (!possible.some(v => v === value || Number.isNaN(v))) {
        return `tag ${name} is on ${value}, not on ${possible}`
      }
    }
    return undefined
  }
}
