/** A database as the second reader makes it, from changes as docs/file-format.md has them under *Batches*. */
import type { ManifestPast, TaggedTime } from './past.js'
import type { Value, Words } from './words.js'

export interface StoreState {
  readonly id: number
  /** null: the unnamed one. */
  readonly name: string | null
  readonly keys: string
  readonly values: string
  /** The version that made it. */
  readonly born: number
  /** By key, in hexadecimal. */
  readonly entries: Map<string, Value>
}

export type Ended = number | undefined

export interface VersionState {
  readonly version: number
  time: number
  /** When the version after it was made, which may be none of these; undefined: it is the present. */
  ended: Ended
  /** By id; -1 is the unnamed one. */
  readonly stores: Map<number, StoreState>
}

export interface Bounds {
  readonly versions: number
  readonly ms: number
  readonly bytes: number
}

export interface DiskBounds extends Bounds {
  readonly deflate: boolean
  readonly bitsPerKey: number
}

export interface Place {
  readonly segment: number
  readonly offset: number
  readonly check: number
}

export interface ManifestBase {
  readonly number: number
  readonly version: number
  readonly present?: number
  readonly durable?: { readonly segment: number; readonly offset: number }
  readonly log: Place
  readonly bytes: number
}

export interface Manifest {
  readonly format: number
  readonly order: 'LE' | 'BE'
  readonly salt: string
  readonly keys: string
  readonly values: string
  readonly version: number
  readonly time: number
  readonly bases: ManifestBase[]
  readonly past?: ManifestPast
}

const UNNAMED = -1
const NAMES = 0

/** A database, and what changes do to it. */
export class State {
  readonly tags = new Map<string, number>()
  /** By version, of tagged ones that are on disk alone. */
  readonly tagged = new Map<number, TaggedTime>()
  readonly stores = new Map<number, StoreState>()
  readonly versions: VersionState[] = []
  readonly seen = new Map<string, number>()
  bounds: Bounds | null = null
  /** Those of the past on disk. */
  disk: DiskBounds | null = null
  begin = 0
  /** What comes now is of a version that the base has left behind. */
  isPast = false
  /** The version that changes make. */
  making = 0

  readonly manifest: Manifest

  constructor(manifest: Manifest) {
    this.manifest = manifest
    this.#add(UNNAMED, null, manifest.keys, manifest.values, 0)
    this.#add(NAMES, '', '', '', 0)
  }

  get present(): VersionState {
    return this.versions[this.versions.length - 1] as VersionState
  }

  see(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }

  /** What it is now, is this version. */
  keep({ version, time, before }: { version: number; time: number; before: Ended }): void {
    const stores = new Map<number, StoreState>()
    for (const [id, store] of this.stores) {
      if (id !== NAMES) stores.set(id, { ...store, entries: new Map(store.entries) })
    }
    if (this.versions.length > 0) this.present.ended = before ?? time
    this.versions.push({ version, time, ended: undefined, stores })
  }

  /** A store of an image, whose names come before it. */
  imaged(id: number, words: Words): StoreState {
    if (id !== UNNAMED && id !== NAMES) {
      const named = [...this.store(NAMES, words).entries].map(([name, { value, version }]) => {
        const { id, keys, values } = JSON.parse(Buffer.from(value, 'hex').toString())
        return { id, name: Buffer.from(name, 'hex').toString(), keys, values, born: version }
      })
      const found = named.find(store => store.id === id)
      if (found === undefined) throw words.unsound(`store ${id} has a name`)
      this.#add(id, found.name, found.keys, found.values, found.born)
    }
    return this.store(id, words)
  }

  store(id: number, words: Words): StoreState {
    const store = this.stores.get(id)
    if (store === undefined) throw words.unsound(`there is a store ${id}`)
    return store
  }

  batch(words: Words): void {
    let id = UNNAMED
    while (words.left > 0) {
      const kind = words.word()
      const change = words.take(words.word(), `change ${kind}`)
      this.see(`change ${kind}`)
      if (kind === 1) id = change.word() | 0
      else this.#change(kind, change, id)
      change.done()
    }
  }

  #change(kind: number, words: Words, current: number): void {
    if (kind === 2) {
      const { key, value } = words.entry()
      this.store(current, words).entries.set(key, value)
    } else if (kind === 3) {
      const { key, value } = words.entry()
      words.need(value.value === '', 'a deletion has no value')
      words.need(this.store(current, words).entries.delete(key), `what is deleted is there: ${key}`)
    } else if (kind === 4) this.store(current, words).entries.clear()
    else if (kind === 5) {
      const id = words.word()
      words.need(!this.stores.has(id), `store ${id} is new`)
      const [name, keys, values] = [words.name(), words.name(), words.name()]
      this.#add(id, name, keys, values, words.left > 0 ? words.long() : this.making)
    } else if (kind === 6) {
      const id = words.word()
      const name = words.name()
      words.need(this.store(id, words).name === name, `store ${id} is called ${name}`)
      this.stores.delete(id)
    } else if (kind === 7) {
      const version = words.long()
      this.tags.set(words.name(), version)
    } else if (kind === 8) this.tags.delete(words.name())
    else if (kind === 9) words.long()
    else if (kind === 10) this.#begun(words.long())
    else if (kind === 11) {
      this.disk = null
      this.bounds = { versions: words.float(), ms: words.float(), bytes: words.float() }
      if (words.left > 0) this.#boundsOnDisk(words)
    } else if (kind === 12) {
      const version = words.long()
      this.tagged.set(version, { time: words.long(), ended: words.long() })
      this.tags.set(words.name(), version)
    } else words.need(false, `a change of kind ${kind}`)
  }

  #boundsOnDisk(words: Words): void {
    this.see('bounds on disk')
    const bounds = { versions: words.float(), ms: words.float(), bytes: words.float() }
    const [deflate, bitsPerKey] = [words.float(), words.float()]
    words.need(deflate === 0 || deflate === 1, 'blocks are deflated, or not')
    this.disk = { ...bounds, deflate: deflate === 1, bitsPerKey }
  }

  #begun(time: number): void {
    if (!this.isPast) this.present.time = time
  }

  #add(id: number, name: string | null, keys: string, values: string, born: number): void {
    this.stores.set(id, { id, name, keys, values, born, entries: new Map() })
  }
}
