/**
 * The keeper in a worker of its own: a thread that the user does not see, with a line of its own in the table.
 *
 * It ends with the database, and keeps no process alive. If it dies, another thread that commits starts another.
 */
import { threadId, workerData } from 'node:worker_threads'
import { Engine } from '../engine/engine.js'
import { WORLD } from '../engine/time.js'
import { Arena } from '../memory/arena.js'
import { H_DIRECTORY } from '../memory/layout.js'
import { claimFor } from '../threads/claims.js'
import { Keeping } from '../threads/keeping.js'
import { EpochManager } from '../versions/manager.js'
import { CommitLog } from './commit-log.js'
import { Directory, SYSTEM } from './files.js'
import { Keeper, keep } from './keeper.js'
import { readDeep } from './past/disk-past.js'

/** What the thread that starts a keeper tells it. */
export interface KeeperData {
  readonly buffer: Arena['buffer']
  readonly path: string
  readonly interval: number
  /** The thread that it is to take the work from. */
  readonly from: number
}

const { buffer, path, interval, from } = workerData as KeeperData
const arena = new Arena(buffer)
const keeping = new Keeping(arena, threadId)
if (keeping.takeOver(from)) {
  const engine = new Engine(new EpochManager(claimFor(arena, threadId, true), true), WORLD)
  const directory = new Directory(SYSTEM, path, arena.words[H_DIRECTORY])
  const log = new CommitLog(engine.epochs, directory, Number.POSITIVE_INFINITY)
  readDeep(engine, log.directory)
  try {
    keep(new Keeper(engine, log, interval), keeping)
  } finally {
    engine.close()
    keeping.leave()
  }
}
