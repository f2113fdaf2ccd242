/**
 * Proves the blocks that snapshots lead to: catalogs, states, trees, and the point indexes of the newest
 * one. For `check()`; under the writer lock, the newest snapshot first.
 *
 * A block that snapshots share is proved once (docs/decisions/0028), with all below it: for the first
 * snapshot that leads to it. For each further one it only needs to be no younger than the block that
 * leads to it there; so nothing below is.
 */

import { NAMES_STORE } from '../engine/names.js'
import { tipOf } from '../memory/atomic.js'
import { birthOf } from '../memory/birth.js'
import {
  C_KIDS,
  C_LEVEL,
  CATALOG_FAN,
  NO_REST,
  R_CATALOG,
  R_STATE,
  S_LIVE,
  S_REST,
  SR_GRAVE,
  SR_GRAVE_OLD,
  SR_INDEX,
  SR_IS_INDEX,
} from '../memory/layout.js'
import { Marks } from '../memory/marks.js'
import { verifyIndex } from '../point/verify.js'
import { entriesBelow } from '../tree/node.js'
import { TreeProof } from '../tree/verify.js'

export class SnapshotProof {
  readonly #W: Uint32Array
  readonly #trees: TreeProof
  readonly #states: Marks
  readonly #catalogs: Marks
  #problems: string[] = []
  /** True for the newest snapshot, whose keys are counted and whose indexes are proved. */
  #isNewest = false
  /** Keys of all stores in the newest snapshot. */
  entries = 0
  /** The heads of its point indexes. */
  readonly heads: number[] = []

  /** @param words words of the arena that were ever touched */
  constructor(W: Uint32Array, words: number) {
    this.#W = W
    this.#trees = new TreeProof(W, words, this.#problems)
    this.#states = new Marks(words)
    this.#catalogs = new Marks(words)
  }

  /** The problems of the blocks that the record of `version` leads to, and no record before it did. */
  prove(record: number, version: number): string[] {
    const W = this.#W
    this.#isNewest = record === tipOf(W)
    this.#proveState(record + R_STATE, version, true)
    const root = W[record + R_CATALOG]
    if (root !== 0) this.#reachCatalog(root, W[root + C_LEVEL], version, 0)
    return this.#problems.splice(0)
  }

  /** Proves the trees of a state that is not younger than `version`. */
  #proveState(state: number, version: number, isVisible: boolean): void {
    const W = this.#W
    const live = W[state + S_LIVE]
    this.#trees.prove(live, version)
    const rest = W[state + S_REST]
    if (rest !== NO_REST) this.#reachRest(rest, version)
    if (!this.#isNewest || !this.#states.fits(rest)) return
    const head = W[rest + SR_INDEX]
    if (head !== 0) this.heads.push(head)
    for (const what of verifyIndex(W, head, live, version)) this.#problems.push(what)
    if (isVisible && W[rest + SR_IS_INDEX] === 0) this.entries += entriesBelow(W, live)
  }

  /** Proves the graveyards of the rest of a state, reached from a block of `version`. */
  #reachRest(rest: number, version: number): void {
    const W = this.#W
    if (!this.#isRight(rest, version) || !this.#states.add(rest)) return
    const birth = birthOf(W, rest)
    this.#trees.prove(W[rest + SR_GRAVE], birth)
    this.#trees.prove(W[rest + SR_GRAVE_OLD], birth)
  }

  /**
   * Proves a catalog's node, reached from a block of `version`.
   * @param first the first of its stores
   */
  #reachCatalog(node: number, level: number, version: number, first: number): void {
    const W = this.#W
    if (!this.#isRight(node, version)) return
    if (W[node + C_LEVEL] !== level) {
      this.#problems.push(`catalog ${node} says level ${W[node + C_LEVEL]}, not ${level}`)
      return
    }
    if (!this.#catalogs.add(node)) return
    const birth = birthOf(W, node)
    const stores = CATALOG_FAN ** level
    for (let i = 0; i < CATALOG_FAN; i++) {
      const kid = W[node + C_KIDS + i]
      if (kid === 0) continue
      if (level > 0) this.#reachCatalog(kid, level - 1, birth, first + i * stores)
      else this.#reachState(kid, birth, first + i)
    }
  }

  /** Proves the state of the named store `id`, reached from a block of `version`. */
  #reachState(state: number, version: number, id: number): void {
    const W = this.#W
    if (!this.#isRight(state, version) || !this.#states.add(state)) return
    this.#proveState(state, birthOf(W, state), id !== NAMES_STORE)
  }

  /** True if `ref` can be a block; its birth must not be after `version`. */
  #isRight(ref: number, version: number): boolean {
    const isBlock = this.#states.fits(ref)
    const birth = isBlock ? birthOf(this.#W, ref) : 0
    if (!isBlock) this.#problems.push(`block ${ref} is none`)
    if (birth > version) this.#problems.push(`block ${ref} was born in ${birth}, after ${version}`)
    return isBlock
  }
}
