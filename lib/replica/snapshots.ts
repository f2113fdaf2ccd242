/**
 * Sees to it that some node writes a snapshot now and then, and that the log is trimmed behind it.
 *
 * A node that has applied so many bytes of the log since the last one says so in the log, by a mark with a body: who is
 * first there writes it, and all begin to count anew. Should it die, another one says so when as much has come again.
 */
import type { Engine } from '../engine/engine.js'
import type { Applied } from './applied.js'
import { LogUnavailable, type ReplicatedLog } from './log.js'
import type { ReplicaNode } from './node.js'
import { wordsOf } from './record.js'
import { type Beginning, snapshotOf } from './snapshot.js'

interface Settings {
  readonly node: string
  readonly snapshotBytes: number
  readonly keep: number
}

export class Snapshots {
  readonly #engine: Engine
  readonly #log: ReplicatedLog
  readonly #node: ReplicaNode
  readonly #applied: Applied
  readonly #beginning: Beginning
  readonly #settings: Settings
  #isBusy = false

  constructor(
    engine: Engine,
    log: ReplicatedLog,
    node: ReplicaNode,
    applied: Applied,
    beginning: Beginning,
    settings: Settings,
  ) {
    this.#engine = engine
    this.#log = log
    this.#node = node
    this.#applied = applied
    this.#beginning = beginning
    this.#settings = settings
    node.onApplied = () => {
      if (!this.#isBusy && applied.bytes >= settings.snapshotBytes) void this.#once()
    }
  }

  async #once(): Promise<void> {
    const { snapshotBytes, node } = this.#settings
    this.#isBusy = true
    try {
      const isFirst = await this.#node.mark(
        wordsOf({ snapshot: node }),
        () => this.#applied.bytes >= snapshotBytes,
      )
      if (isFirst) await this.#write()
    } catch (error) {
      // The next node tries, when as much has come again: what is there stays.
      if (!(error instanceof LogUnavailable)) this.#applied.bytes = 0
    } finally {
      this.#isBusy = false
    }
  }

  async #write(): Promise<void> {
    const { sequence, check } = this.#applied
    const place = { sequence, check }
    const { snapshot, release } = snapshotOf(this.#engine, place, this.#beginning)
    try {
      await this.#log.putSnapshot(snapshot)
    } finally {
      release()
    }
    const old = this.#applied.before(Date.now() - this.#settings.keep)
    await this.#log.trim(Math.min(old, sequence) + 1)
  }
}
