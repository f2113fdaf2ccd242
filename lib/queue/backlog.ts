/**
 * Submissions that are not in shared memory: what has no room in its lane's ring, for now or at all. First in, first out;
 * each in one piece, as in a ring. Private memory of the thread that submits.
 */
import { granted } from '../memory/granted.js'

/** Words of the buffer at first, and words that an empty one keeps. */
const ROOM = 2 ** 12
const KEPT = 2 ** 18

export class Backlog {
  words = new Uint32Array(0)
  /** Where the first submission lies, the first not taken, the first that a group leaves, and the end. */
  from = 0
  taken = 0
  next = 0
  end = 0

  /** True if there is one that is not taken. */
  get hasWork(): boolean {
    return this.taken < this.end
  }

  get isEmpty(): boolean {
    return this.from === this.end
  }

  /**
   * Room behind the last submission for one of so many words. Once it is written there, `end` comes behind it: a call that is
   * cut off before has submitted nothing.
   * @throws ZVerseError `ZVERSE_FULL` where the process has no memory left
   */
  roomFor(words: number): number {
    if (this.end + words > this.words.length) this.#makeRoom(words)
    return this.end
  }

  /** Those up to `end` are done with. */
  dropTo(end: number): void {
    this.from = end
    this.taken = Math.max(this.taken, end)
    if (this.from < this.end) return
    this.from = 0
    this.taken = 0
    this.next = 0
    this.end = 0
    if (this.words.length > KEPT) this.words = new Uint32Array(0)
  }

  /** Takes back what nobody has taken. */
  withdraw(): void {
    this.end = this.taken
  }

  #makeRoom(words: number): void {
    const used = this.end - this.from
    const isEnough = 2 * (used + words) <= this.words.length
    const size = Math.max(ROOM, 2 ** Math.ceil(Math.log2(2 * (used + words))))
    const target = isEnough ? this.words : granted('submissions', () => new Uint32Array(size))
    target.set(this.words.subarray(this.from, this.end))
    this.words = target
    this.taken -= this.from
    this.next -= this.from
    this.from = 0
    this.end = used
  }
}
