/**
 * The verbs of a database that may go through a replicated log (docs/cluster.md). Without one they do as others do.
 */
/// <reference lib="esnext.disposable" preserve="true" />
import type { ReplicaState } from '../engine/replicator.js'
import type { Signal } from '../engine/signal.js'
import { ZVerseError } from '../errors.js'
import { checkNames, invalidOption, rejectsQueue } from '../options.js'
import { StoresVerbs } from './stores.js'
import type { WriteTransaction } from './transactions.js'
import { signalIn } from './wait.js'

const RETRIES = 100

export abstract class ReplicaVerbs<K, V> extends StoresVerbs<K, V> {
  /** How this node is with its log; null for a database without one, and in threads that have attached. */
  get replica(): ReplicaState | null {
    return this._core.engine.replicator?.state ?? null
  }

  /**
   * Runs `callback` in a write transaction on the newest version that is here, and has the log decide: where another
   * node was first, it runs again, on what that has made. Without a log it is `transact`.
   * @param options `retries`: how often it may run again, an integer, default 100; `signal`: aborting rejects, unless the
   * change is on its way
   * @returns what the callback returns, once its changes can be read here
   * @throws ZVerseError `ZVERSE_CONFLICT` after so many retries; `ZVERSE_UNAVAILABLE { outcome }`; and as `transact`
   */
  async transactAsync<T>(
    callback: (tx: WriteTransaction<K, V>) => T,
    options?: { retries?: number | undefined; signal?: Signal | undefined },
  ): Promise<T> {
    const given = checkNames(options, ['retries', 'signal'], 'transactAsync')
    const { retries = RETRIES } = given
    if (!Number.isInteger(retries) || (retries as number) < 0) {
      throw invalidOption('retries', 'must be an integer from 0 on')
    }
    const signal = signalIn(given)
    if (signal?.aborted === true) throw signal.reason
    return this.#run(() => this.transact(callback), true, retries as number, signal)
  }

  /**
   * Runs a verb that writes, of this database, its stores or indexes, and has the log decide: `store`, `index`, `tag`,
   * `setHistory`, `clear`, `load`, any that makes one change. It may run again. Without a log it just runs.
   * @returns what the verb returns
   * @throws ZVerseError `ZVERSE_UNAVAILABLE { outcome }`; `ZVERSE_INVALID_OPTION` for a second change; and as the verb
   * @example
   * const users = await db.change(() => db.store('users'))
   */
  async change<T>(verb: () => T): Promise<T> {
    if (typeof verb !== 'function') throw invalidOption('verb', 'must be a function')
    return this.#run(verb, false, Number.POSITIVE_INFINITY)
  }

  async #run<T>(
    verb: () => T,
    proves: boolean,
    retries: number,
    signal?: Signal | undefined,
  ): Promise<T> {
    const { engine } = this._core
    engine.gate.check()
    if (engine.replicator !== null) return engine.replicator.run(verb, proves, retries, signal)
    if (engine.isReplica) throw elsewhere()
    return verb()
  }

  /**
   * Resolves once all that was committed before this call, on any node, can be read here.
   * @returns the newest version then
   * @throws ZVerseError `ZVERSE_UNAVAILABLE`
   */
  async sync(): Promise<number> {
    const { engine } = this._core
    engine.gate.check()
    if (engine.replicator !== null) return engine.replicator.sync()
    if (engine.isReplica) throw elsewhere()
    return engine.reader.newest
  }

  /** As for any database; of a replica it returns a promise (see `Replica`). */
  override close(options?: { queue?: 'commit' | 'reject' | undefined }): void {
    const { replicator, gate } = this._core.engine
    if (replicator === null || gate.isClosed) super.close(options)
    // biome-ignore lint/correctness/noVoidTypeReturn: a promise, as the type `Replica` says
    else return replicator.close(rejectsQueue(options)) as unknown as undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function elsewhere(): ZVerseError {
  const message =
    'this thread has attached to a replica: only the thread that replicates can do this. Use await db.submit(…), with ' +
    'ifVersion where it depends on what was read'
  return new ZVerseError('ZVERSE_REPLICATED', message)
}
