/**
 * Vectors that a search has seen, to be taken by how like the query they are. Private memory of one thread.
 */

/** A vector: its id, and its place in its cluster. */
export interface Candidate {
  readonly likeness: number
  readonly id: number
  readonly cluster: number
  readonly place: number
}

export class Candidates {
  #likeness: number[] = []
  #ids: number[] = []
  #clusters: number[] = []
  #places: number[] = []
  /** A heap of those that were not taken, the greatest likeness first; of the first so many. */
  #heap: number[] = []
  #heaped = 0

  /** How many there are. */
  get count(): number {
    return this.#heap.length + this.#ids.length - this.#heaped
  }

  add(likeness: number, id: number, cluster: number, place: number): void {
    this.#likeness.push(likeness)
    this.#ids.push(id)
    this.#clusters.push(cluster)
    this.#places.push(place)
  }

  /**
   * Drops all but about so many, the best. None has been taken yet.
   * @returns the likeness of the last of them
   */
  keep(count: number): number {
    const likeness = this.#likeness
    const least = Float64Array.from(likeness).sort()[likeness.length - count]
    let kept = 0
    for (let i = 0; i < likeness.length; i++) {
      if (likeness[i] < least) continue
      likeness[kept] = likeness[i]
      this.#ids[kept] = this.#ids[i]
      this.#clusters[kept] = this.#clusters[i]
      this.#places[kept++] = this.#places[i]
    }
    likeness.length = kept
    this.#ids.length = kept
    this.#clusters.length = kept
    this.#places.length = kept
    return least
  }

  /** The greatest likeness; -Infinity where there is none. */
  get best(): number {
    this.#settle()
    return this.#heap.length === 0 ? Number.NEGATIVE_INFINITY : this.#likeness[this.#heap[0]]
  }

  /** Takes the best one; undefined where there is none. */
  take(): Candidate | undefined {
    this.#settle()
    const heap = this.#heap
    const [first] = heap
    const last = heap.pop()
    if (first === undefined || last === undefined) return undefined
    if (heap.length > 0) {
      heap[0] = last
      this.#sink(0)
    }
    return {
      likeness: this.#likeness[first],
      id: this.#ids[first],
      cluster: this.#clusters[first],
      place: this.#places[first],
    }
  }

  #settle(): void {
    const heap = this.#heap
    if (this.#heaped === this.#ids.length) return
    while (this.#heaped < this.#ids.length) heap.push(this.#heaped++)
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) this.#sink(i)
  }

  #sink(from: number): void {
    const heap = this.#heap
    const likeness = this.#likeness
    const moved = heap[from]
    let i = from
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && likeness[heap[child + 1]] > likeness[heap[child]]) child++
      if (likeness[heap[child]] <= likeness[moved]) break
      heap[i] = heap[child]
      i = child
    }
    heap[i] = moved
  }
}
