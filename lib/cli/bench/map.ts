/**
 * The workloads that a plain `Map` can do as well. It has no order, no past and no other thread: the rest is left out.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { missingKey } from './data.js'
import type { Work } from './measure.js'
import { type Stage, taste } from './stage.js'
import { BATCHES, READS } from './tasks.js'

export type Plain = Map<string, string>

type MapTask = (stage: Stage<Plain>) => Promise<Work>

const get: MapTask = async stage => {
  const { db: map } = stage
  const keys = await stage.keys()
  return {
    run(calls) {
      let sum = 0
      for (let i = 0; i < calls; i++) sum += taste(map.get(keys.next()))
      stage.use(sum)
      return calls
    },
  }
}

const getMissing: MapTask = async stage => {
  const { db: map } = stage
  const keys = await stage.keys(missingKey)
  return {
    run(calls) {
      for (let i = 0; i < calls; i++) {
        if (map.get(keys.next()) !== undefined) throw new Error('found a key that was never set')
      }
      return calls
    },
  }
}

/** A call sets `size` entries. */
function sets(size: number): MapTask {
  return async stage => {
    const { db: map } = stage
    const keys = await stage.keys()
    const values = stage.values()
    return {
      run(calls) {
        for (let i = calls * size; i > 0; i--) map.set(keys.next(), values.next())
        stage.use(map.size)
        return calls * size
      },
    }
  }
}

function mix(reads: number): MapTask {
  return async stage => {
    const { db: map, random } = stage
    const keys = await stage.keys()
    const values = stage.values()
    return {
      run(calls) {
        let sum = 0
        for (let i = 0; i < calls; i++) {
          if (random(100) < reads) sum += taste(map.get(keys.next()))
          else sum += map.set(keys.next(), values.next()).size
        }
        stage.use(sum)
        return calls
      },
    }
  }
}

const MAP_TASKS: { readonly [workload: string]: MapTask } = {
  ...{ get, 'get-missing': getMissing, put: sets(1) },
  ...Object.fromEntries(BATCHES.map(size => [`batch-${size}`, sets(size)])),
  ...Object.fromEntries(READS.map(reads => [`mix-${reads}-${100 - reads}`, mix(reads)])),
}

/** The work of a workload on a `Map`; undefined if it has none. */
export const mapTask = (workload: string): MapTask | undefined => MAP_TASKS[workload]

/** Bytes of JavaScript's heap that are in use. */
export function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
