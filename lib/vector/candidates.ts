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
  /** A heap of what is there, the greatest likeness first; or what it will be made of. */
  #heap: number[] = []
  #isHeap = true

  /** How many there are. */
  get count(): number {
    return this.#heap.length
  }

  add(likeness: number, id: number, cluster: number, place: number): void {
    this.#heap.push(this.#ids.length)
    this.#likeness.push(likeness)
    this.#ids.push(id)
    this.#clusters.push(cluster)
    this.#places.push(place)
    this.#isHeap = false
  }

  /** Drops all but about so many, the best; the likeness of the last of them. Nothing has been taken yet. */
  keep(count: number): number {
    const [likeness, ids, clusters, places] = [
      this.#likeness,
      this.#ids,
      this.#clusters,
      this.#places,
    ]
    if (ids.length <= count) return Number.NEGATIVE_INFINITY
    const least = Float64Array.from(likeness).sort()[ids.length - count]
    const kept = this.#heap.filter(i => likeness[i] >= least)
    this.#likeness = kept.map(i => likeness[i])
    this.#ids = kept.map(i => ids[i])
    this.#clusters = kept.map(i => clusters[i])
    this.#places = kept.map(i => places[i])
    this.#heap = kept.map((_, i) => i)
    this.#isHeap = false
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
    if (this.#isHeap) return
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i)
    this.#isHeap = true
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
