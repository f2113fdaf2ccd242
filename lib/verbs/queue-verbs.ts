/** The verbs of a database that are about the write queue as a whole (docs/queue.md), and its end. */
/// <reference lib="esnext.disposable" preserve="true" />
import type { Signal } from '../engine/signal.js'
import { checkNames, invalidOption, rejectsQueue } from '../options.js'
import type { Pressure } from '../queue/pressure.js'
import { queueOf } from '../queue/queue.js'
import { StoreVerbs } from './store-verbs.js'
import { signalIn } from './wait.js'

export abstract class QueueVerbs<K, V> extends StoreVerbs<K, V> {
  /**
   * Commits what all threads submit, until aborted or closed: then they need not do it themselves. On a thread of its
   * own, if you like. Keeps the process alive. Of several calls one is at work, the others stand by.
   * @param options `signal`: aborting ends it, and resolves the promise
   */
  async drain(options?: { signal?: Signal | undefined }): Promise<void> {
    this._core.engine.gate.check()
    return queueOf(this._core.engine).drain(signalIn(checkNames(options, ['signal'], 'drain')))
  }

  /** How full the write queue is, over all threads. */
  pressure(): Pressure {
    this._core.engine.gate.check()
    return queueOf(this._core.engine).pressure
  }

  /**
   * Calls `listener` at each change of the level of `pressure`, whichever thread it comes from. Does not keep the process
   * alive.
   * @returns ends it
   */
  onPressure(listener: (pressure: Pressure) => void): () => void {
    this._core.engine.gate.check()
    if (typeof listener !== 'function') throw invalidOption('listener', 'must be a function')
    return queueOf(this._core.engine).onPressure(listener)
  }

  /**
   * Ends the iterators and transactions of this handle and releases its pins. Idempotent. What it has submitted is
   * committed first; with `queue: 'reject'` it is rejected, unwritten, where no thread has taken it yet.
   */
  close(options?: { queue?: 'commit' | 'reject' | undefined }): void {
    this._core.engine.close(rejectsQueue(options))
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
