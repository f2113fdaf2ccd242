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

/** The best of all that are added, so many at most. */
export class Best {
  /** What is not above this is not among them. */
  least = Number.NEGATIVE_INFINITY
  readonly #most: number
  /** A heap, the least likeness first. */
  readonly #all: Candidate[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Adds one that is above {@link least}. */
  add(likeness: number, id: number, cluster: number, place: number): void {
    const all = this.#all
    const candidate = { likeness, id, cluster, place }
    if (all.length < this.#most) this.#rise(all.push(candidate) - 1)
    else {
      all[0] = candidate
      this.#sink()
    }
    if (all.length === this.#most) this.least = all[0].likeness
  }

  get all(): readonly Candidate[] {
    return this.#all
  }

  #rise(from: number): void {
    const all = this.#all
    const { [from]: moved } = all
    let i = from
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (all[parent].likeness <= moved.likeness) break
      all[i] = all[parent]
      i = parent
    }
    all[i] = moved
  }

  #sink(): void {
    const all = this.#all
    const [moved] = all
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= all.length) break
      if (child + 1 < all.length && all[child + 1].likeness < all[child].likeness) child++
      if (all[child].likeness >= moved.likeness) break
      all[i] = all[child]
      i = child
    }
    all[i] = moved
  }
}

/** All that are added, to be taken one by one. */
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
