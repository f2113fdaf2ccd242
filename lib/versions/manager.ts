/**
 * A handle's view of a shared arena: its parts, wired together.
 *
 * One for each thread and database. Any thread reads through `versions` and `slots` at any time; `allocator`,
 * `chunks`, `limbo`, `past` and `space` are for the owner of the writer lock, which `turn` takes and gives.
 */

import { Allocator } from '../memory/allocator.js'
import type { Arena } from '../memory/arena.js'
import {
  ALLOCATOR_AT,
  H_DESCRIPTORS_AT,
  H_FIRST_PAGE,
  H_GENERATIONS,
  H_PAGES,
  H_POISON,
  H_SHARED,
  OVERFLOW_WORDS,
  PAGE,
} from '../memory/layout.js'
import { GENERATIONS } from '../memory/point-layout.js'
import { blockAt } from '../threads/block.js'
import { type Claim, giveBack, giveBackWith } from '../threads/claims.js'
import { isLast } from '../threads/lines.js'
import { Slots } from '../threads/slots.js'
import { Turn } from '../threads/turn.js'
import { Watch } from '../threads/watch.js'
import { Workspace } from '../tree/workspace.js'
import { Chunks } from './chunks.js'
import { Limbo } from './limbo.js'
import { Past } from './past.js'
import { recover } from './recovery.js'
import { Versions } from './versions.js'

/** Pages that the smallest trees and records around a large value take. */
const SPARE_PAGES = 16

export class EpochManager {
  readonly arena: Arena
  readonly threadId: number
  /** This handle's line. */
  readonly line: number
  readonly versions: Versions
  readonly slots: Slots
  readonly turn: Turn
  readonly allocator: Allocator
  readonly chunks: Chunks
  readonly limbo: Limbo
  readonly past: Past
  readonly space: Workspace
  /** Tells of commits. */
  readonly watch: Watch
  readonly #claim: Claim

  /** @param announced reads announce themselves from the start, as they must once threads share the arena */
  constructor(claim: Claim, announced: boolean) {
    const { arena, line, threadId } = claim
    const W = arena.words
    const isShared = W[H_SHARED] !== 0
    this.#claim = claim
    this.arena = arena
    this.threadId = threadId
    this.line = line
    this.allocator = new Allocator(arena, ALLOCATOR_AT, W[H_DESCRIPTORS_AT], W[H_PAGES])
    this.allocator.poison = W[H_POISON] !== 0
    this.versions = new Versions(arena)
    this.chunks = new Chunks(W, this.allocator)
    this.limbo = new Limbo(this.chunks)
    this.turn = new Turn(claim, () => recover(arena, this.allocator, this.chunks, this.versions))
    // A handle that pins more snapshots than its line has room for gets blocks of slots; a pin that would
    // have to wait for a block is spilled.
    this.slots = new Slots(arena, line, announced || isShared, link => {
      return blockAt(W, this.allocator, this.turn, link, OVERFLOW_WORDS, () => 0)
    })
    this.past = new Past(arena, this.allocator, this.limbo, this.chunks, this.versions, this.slots)
    this.space = new Workspace(arena, this.allocator, {
      make: (words, purpose) => this.past.makeRoom(words, purpose) || this.turn.waitForRoom(),
      pieces: words => this.past.piecesFor(words),
      suffices: () => this.past.reserve.suffices,
      refusal: () => this.past.refusal,
    })
    this.watch = new Watch(arena, line, isShared)
    const pages = W[H_PAGES] - W[H_FIRST_PAGE] - this.past.reserve.most - SPARE_PAGES
    this.space.largest = Math.min(pages * PAGE, 2 ** 30)
    if (isShared) giveBackWith(this, claim)
  }

  /**
   * True if no announced hint can be of a version long ago: no other thread has the database, and this
   * one pins nothing by hints.
   */
  get isAlone(): boolean {
    return this.arena.words[H_SHARED] === 0 && !this.slots.holdsByHint
  }

  /**
   * Makes the table of generation numbers, if that needs no waiting. Not in the middle of a transaction
   * of this thread, which has not noted its changes for the numbers. They begin at the
   * newest version, staged or not: 0 would be the low word of another version.
   */
  makeGenerations(): void {
    const { arena, allocator, turn, versions } = this
    const newest = () => versions.staged
    if (arena.words[H_GENERATIONS] !== 0 || turn.mine) return
    blockAt(arena.words, allocator, turn, H_GENERATIONS, GENERATIONS, newest)
  }

  /** Other threads may read and write from now on. */
  share(): void {
    giveBackWith(this, this.#claim)
    this.slots.announced = true
    this.watch.share()
  }

  /** True if no other handle has the database open. */
  get isLast(): boolean {
    return isLast(this.arena, this.line, this.threadId)
  }

  /** Calls `last` when no thread has the database open any more, if this handle is then the last. */
  whenLast(last: () => void): void {
    this.#claim.onLast = last
    giveBackWith(this, this.#claim)
  }

  /** Releases all pins and gives this handle's line back. */
  close(): void {
    this.watch.clear()
    this.slots.forget()
    this.turn.close()
    giveBack(this.#claim)
  }
}
