// @ts-check
/** The same graph without any database, to compare with: a Set of facts, and two Maps to look them up. */

/** @typedef {import('./graph.js').Fact} Fact */
/** @typedef {import('./graph.js').Patch} Patch */

export class PlainGraph {
  /** @type {Set<string>} */
  #facts = new Set()
  /** @type {Map<string, Set<string>>} */
  #objects = new Map()
  /** @type {Map<string, Set<string>>} */
  #subjects = new Map()

  get size() {
    return this.#facts.size
  }

  /** @param {Patch} patch */
  apply({ removed, added }) {
    for (const [subject, predicate, object] of removed) {
      if (!this.#facts.delete(`${subject} ${predicate} ${object}`)) {
        throw new Error(`${subject} ${predicate} ${object} is not known`)
      }
      this.#objects.get(`${subject} ${predicate}`)?.delete(object)
      this.#subjects.get(`${predicate} ${object}`)?.delete(subject)
    }
    for (const [subject, predicate, object] of added) {
      this.#facts.add(`${subject} ${predicate} ${object}`)
      into(this.#objects, `${subject} ${predicate}`, object)
      into(this.#subjects, `${predicate} ${object}`, subject)
    }
  }

  /** @param {string} subject @param {string} predicate */
  objects(subject, predicate) {
    return [...(this.#objects.get(`${subject} ${predicate}`) ?? [])]
  }

  /** @param {string} predicate @param {string} object */
  subjects(predicate, object) {
    return [...(this.#subjects.get(`${predicate} ${object}`) ?? [])]
  }

  facts() {
    return [...this.#facts].map(fact => /** @type {Fact} */ (fact.split(' ')))
  }
}

/** @param {Map<string, Set<string>>} map @param {string} key @param {string} item */
function into(map, key, item) {
  const items = map.get(key) ?? new Set()
  map.set(key, items.add(item))
}
