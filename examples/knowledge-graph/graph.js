// @ts-check
/** The graph as main and its threads open it: quadstore, over a level, over one database they share. */
import { Quadstore } from 'quadstore'
import { DataFactory } from 'rdf-data-factory'
import { ZVerseLevel } from 'zverse/level'

/** @typedef {import('zverse').ZVerse<Uint8Array, Uint8Array>} Database */
/** @typedef {import('zverse/level').PastLevel<string, string>} PastLevel */

/** Subject, predicate and object, by name. @typedef {[string, string, string]} Fact */
/** A change made at once. @typedef {{ removed: Fact[], added: Fact[] }} Patch */

const rdf = new DataFactory()

/** @param {Database} db */
export async function openLevel(db) {
  const level = new ZVerseLevel({ db })
  await level.open()
  return level
}

/** Opens quadstore over a level of the present, or of the past. @param {ZVerseLevel | PastLevel} level */
export async function openQuads(level) {
  const quads = new Quadstore({ backend: level, dataFactory: rdf })
  await quads.open()
  return quads
}

/** @param {Fact} fact */
export function quadOf([subject, predicate, object]) {
  return rdf.quad(rdf.namedNode(subject), rdf.namedNode(predicate), rdf.namedNode(object))
}

/** The graph of one version, as `questions.js` asks it. */
export class StoredGraph {
  /** @param {Quadstore} quads */
  constructor(quads) {
    this.quads = quads
  }

  /** @param {string} subject @param {string} predicate */
  async objects(subject, predicate) {
    const pattern = { subject: rdf.namedNode(subject), predicate: rdf.namedNode(predicate) }
    return (await this.quads.get(pattern)).items.map(quad => quad.object.value)
  }

  /** @param {string} predicate @param {string} object */
  async subjects(predicate, object) {
    const pattern = { predicate: rdf.namedNode(predicate), object: rdf.namedNode(object) }
    return (await this.quads.get(pattern)).items.map(quad => quad.subject.value)
  }

  async facts() {
    const { items } = await this.quads.get({})
    return items.map(({ subject, predicate, object }) => {
      return /** @type {Fact} */ ([subject.value, predicate.value, object.value])
    })
  }
}

/**
 * Lends `use` the graph as it was at a version. Closing the level of that version also closes the
 * iterators over it: quadstore leaves its own open, and each would pin the version for ever.
 * @template T @param {ZVerseLevel} level @param {number} version
 * @param {(graph: StoredGraph) => Promise<T>} use @returns {Promise<T>}
 */
export async function graphAt(level, version, use) {
  const past = level.at(version)
  try {
    return await use(new StoredGraph(await openQuads(past)))
  } finally {
    await past.close()
  }
}

/**
 * Quadstore keeps each quad under six keys, one for each order that a pattern may need. The keys of
 * this range, which begin with the subject, contain all facts.
 */
export const FACTS = { gte: 'SPOG\0', lt: 'SPOG\x01' }

/** @param {string} key of that range */
export function factOf(key) {
  return /** @type {Fact} */ (key.split('\0\0').slice(1, 4))
}
