// @ts-check
/**
 * Everything that is measured: groups of rows, in the order of a run, and the suites that have them. A suite is
 * scenarios that share a stage and systems, each of which has a process of its own.
 */
import { closest } from 'fastest-levenshtein'
import { churn } from './alone/churn.js'
import { dumps } from './alone/dump.js'
import { prompt } from './alone/prompt.js'
import { systems as compared } from './compare/systems/index.js'
import * as box from './entries/scenarios/box.js'
import { boxOld } from './entries/scenarios/box-old.js'
import { changes } from './entries/scenarios/changes.js'
import { check } from './entries/scenarios/check.js'
import { clear } from './entries/scenarios/clear.js'
import { compress } from './entries/scenarios/compress.js'
import { diff } from './entries/scenarios/diff.js'
import { fills } from './entries/scenarios/fill.js'
import { getAbsent } from './entries/scenarios/get-absent.js'
import { getMsgpack } from './entries/scenarios/get-msgpack.js'
import { getOld } from './entries/scenarios/get-old.js'
import { getPresent } from './entries/scenarios/get-present.js'
import { growth } from './entries/scenarios/growth.js'
import { ages, depths } from './entries/scenarios/history.js'
import { keptByDepth, keptByPuts } from './entries/scenarios/kept.js'
import * as near from './entries/scenarios/nearest.js'
import { overhead } from './entries/scenarios/overhead.js'
import { overwrite } from './entries/scenarios/overwrite.js'
import { pin } from './entries/scenarios/pin.js'
import { fillFloat64, fills as pointFills } from './entries/scenarios/points-fill.js'
import { pointsMove } from './entries/scenarios/points-move.js'
import { putCommit } from './entries/scenarios/put-commit.js'
import { range } from './entries/scenarios/range.js'
import { restore } from './entries/scenarios/restore.js'
import { scan } from './entries/scenarios/scan.js'
import { sizes } from './entries/scenarios/size.js'
import { valueSizes } from './entries/scenarios/value-size.js'
import { versionBytes } from './entries/scenarios/version-bytes.js'
import { workloads } from './entries/scenarios/ycsb.js'
import { EntriesStage } from './entries/stage.js'
import { loadEngine } from './entries/zverse.js'
import { bytes as graphBytes } from './graphs/scenarios/bytes.js'
import { commits as edgeCommits } from './graphs/scenarios/commits.js'
import { insert } from './graphs/scenarios/insert.js'
import { old as oldGraph } from './graphs/scenarios/old.js'
import { reads as graphReads } from './graphs/scenarios/reads.js'
import { GraphsStage } from './graphs/stage.js'
import { systems as graphSystems } from './graphs/systems.js'
import { build } from './indexes/scenarios/build.js'
import { bytes } from './indexes/scenarios/bytes.js'
import { commits as indexedCommits } from './indexes/scenarios/commits.js'
import { putTransaction } from './indexes/scenarios/put-transaction.js'
import { reads as indexReads } from './indexes/scenarios/reads.js'
import { small } from './indexes/scenarios/small.js'
import { IndexesStage } from './indexes/stage.js'
import { systems as indexing } from './indexes/systems.js'
import { iterators } from './level/scenarios/iterators.js'
import { past } from './level/scenarios/past.js'
import { reads } from './level/scenarios/reads.js'
import { writes } from './level/scenarios/writes.js'
import { LevelStage, scenarios as onLevel } from './level/stage.js'
import { systems as levels } from './level/systems.js'
import { matrix } from './matrix/rows.js'
import { MatrixStage, systems as matrixSystems } from './matrix/stage.js'
import { commits } from './persistent/scenarios/commits.js'
import { onDisk } from './persistent/scenarios/disk.js'
import { besideMemory } from './persistent/scenarios/memory.js'
import { pastOnDisk } from './persistent/scenarios/past.js'
import { PersistentStage } from './persistent/stage.js'
import { systems as durable } from './persistent/systems.js'
import { Stage } from './stage.js'
import { besideWriter } from './threads/scenarios/beside-writer.js'
import { blockedWriter } from './threads/scenarios/blocked-writer.js'
import { commitLatency } from './threads/scenarios/commit-latency.js'
import { copies } from './threads/scenarios/copies.js'
import { overwrite as overwriteTogether } from './threads/scenarios/overwrite.js'
import { pin as pinAttached } from './threads/scenarios/pin.js'
import { handing, producers, submitLatency } from './threads/scenarios/queue.js'
import { readers } from './threads/scenarios/readers.js'
import { reclaim } from './threads/scenarios/reclaim.js'
import { writers } from './threads/scenarios/writers.js'
import { ThreadsStage } from './threads/stage.js'
import { systems as threaded } from './threads/systems.js'
import { bytes as vectorBytes } from './vectors/scenarios/bytes.js'
import { old as oldVectors, replaced } from './vectors/scenarios/changed.js'
import { commits as vectorCommits } from './vectors/scenarios/commits.js'
import { insert as insertVectors } from './vectors/scenarios/insert.js'
import { queries as vectorQueries } from './vectors/scenarios/query.js'
import { readers as vectorReaders } from './vectors/scenarios/readers.js'
import { recalls } from './vectors/scenarios/recall.js'
import { VectorsStage } from './vectors/stage.js'
import { systems as vectorSystems } from './vectors/systems.js'

/** @typedef {{ directory: string, engine?: string, keys: number }} Around a system */

/**
 * @typedef {object} Suite
 * @property {number} keys unless the command line says
 * @property {string[]} own systems that need no peer's package
 * @property {true} [onDisk] the directory around its systems is on a disk, not on a tmpfs
 * @property {Record<string, (around: Around) => any>} systems in the order in which they take turns
 * @property {(system: any, settings: import('./stage.js').Settings) => Stage<any>} stage
 */

/** @type {Record<string, Suite>} */
export const suites = {
  entries: {
    ...{ keys: 1_000_000, own: ['zverse'], systems: compared },
    stage: (system, settings) => new EntriesStage(system, settings),
  },
  indexes: {
    ...{ keys: 1_000_000, own: ['zverse'], systems: indexing },
    stage: (system, settings) => new IndexesStage(system, settings),
  },
  graphs: {
    ...{ keys: 1_000_000, own: ['zverse', 'zverse+cache'], systems: graphSystems },
    stage: (system, settings) => new GraphsStage(system, settings),
  },
  vectors: {
    ...{ keys: 100_000, own: ['zverse', 'zverse+cache'], systems: vectorSystems },
    stage: (system, settings) => new VectorsStage(system, settings),
  },
  level: {
    ...{ keys: 100_000, own: ['zverse', 'zverse-text'], systems: levels },
    stage: (system, settings) => new LevelStage(system, settings),
  },
  threads: {
    ...{ keys: 1_000_000, own: ['zverse', 'arithmetic'], systems: threaded },
    stage: (system, settings) => new ThreadsStage(system, settings),
  },
  persistent: {
    ...{ keys: 1_000_000, own: ['zverse', 'raw'], systems: durable, onDisk: true },
    stage: (system, settings) => new PersistentStage(system, settings),
  },
  matrix: {
    ...{ keys: 1_000_000, own: Object.keys(matrixSystems), systems: matrixSystems, onDisk: true },
    stage: (system, settings) => new MatrixStage(system, settings),
  },
  churn: alone(200_000),
  dump: alone(1_000_000),
  prompt: alone(1),
}

/** zverse by itself, as its module. @param {number} keys @returns {Suite} */
function alone(keys) {
  return {
    ...{ keys, own: ['zverse'], systems: { zverse: ({ engine }) => loadEngine(engine) } },
    stage: (system, settings) => new Stage(system, settings),
  }
}

/** @typedef {import('./drive.js').Scenario} Scenario */

/** @param {string} name @param {string} suite @param {readonly any[]} scenarios */
const group = (name, suite, scenarios) => ({
  ...{ name, suite },
  scenarios: scenarios.map(scenario => /** @type {Scenario} */ ({ ...scenario, group: name })),
})

/** The groups, each of which is a section of docs/performance.md. */
export const groups = [
  group('entries', 'entries', [
    ...[getPresent, getAbsent, range, scan, pin, getOld, getMsgpack, ...fills],
    ...[
      putCommit,
      diff,
      changes,
      restore,
      clear,
      overhead,
      versionBytes,
      compress,
      overwrite,
      check,
      growth,
    ],
  ]),
  group('past', 'entries', [...depths, ...ages, ...keptByPuts, ...keptByDepth]),
  group('ycsb', 'entries', workloads),
  group('size', 'entries', sizes),
  group('value-size', 'entries', valueSizes),
  group('points', 'entries', [
    ...[...box.uniformBoxes, near.nearest, ...pointFills, pointsMove, boxOld],
    ...[box.boxFloat64, near.nearestFloat64, fillFloat64],
    ...[...box.clusteredBoxes, near.nearestClustered, box.boxClusteredFloat64],
    ...[...box.timeBoxes, near.nearestOnSphere],
  ]),
  group('indexes', 'indexes', [
    ...[putTransaction, ...indexedCommits, ...indexReads, build, bytes, small],
  ]),
  group('graphs', 'graphs', [insert, edgeCommits, ...graphReads, oldGraph, graphBytes]),
  group('vectors', 'vectors', [
    ...[insertVectors, vectorCommits, ...vectorQueries, replaced, oldVectors, vectorBytes],
    vectorReaders,
  ]),
  group('vectors-recall', 'vectors', recalls),
  group('level', 'level', onLevel([...reads, ...iterators, ...past, ...writes])),
  group('threads', 'threads', [
    ...[readers, besideWriter, blockedWriter, pinAttached, writers],
    ...[reclaim, commitLatency, copies, overwriteTogether],
  ]),
  group('queue', 'threads', [producers, submitLatency, handing]),
  group('persistent', 'persistent', [...commits, ...besideMemory, ...onDisk]),
  group('deep', 'persistent', pastOnDisk),
  group('matrix', 'matrix', matrix),
  group('churn', 'churn', [churn]),
  group('dump', 'dump', dumps),
  group('prompt', 'prompt', [prompt]),
]

export const scenarios = groups.flatMap(group => group.scenarios)

/** @param {string} name of a row */
export const scenarioOf = name => {
  const found = scenarios.find(scenario => scenario.name === name)
  if (found === undefined) throw new Error(`no such row: ${name}`)
  return found
}

/** @param {Pick<Scenario, 'group'>} scenario */
export const suiteOf = ({ group }) =>
  /** @type {string} */ (groups.find(({ name }) => name === group)?.suite)

/** Rows by the names of their suites. @param {readonly Scenario[]} some */
export function bySuite(some) {
  const of = (/** @type {string} */ suite) => some.filter(one => suiteOf(one) === suite)
  return [...new Set(some.map(suiteOf))].map(suite => /** @type {const} */ ([suite, of(suite)]))
}

/**
 * The rows of these names, and of the groups of these names, in running order.
 * @param {readonly string[]} names
 */
export function choose(names) {
  const known = [...new Set([...groups, ...scenarios].map(({ name }) => name))]
  const unknown = names.find(name => !known.includes(name))
  if (unknown !== undefined) {
    throw new Error(`no such row or group: ${unknown}; did you mean ${closest(unknown, known)}?`)
  }
  return scenarios.filter(({ name, group }) => names.includes(name) || names.includes(group))
}

/** Each path of the engine once, a few seconds each: a quick run, and a comparison of commits. */
export const USUAL = [
  ...['get-present', 'get-absent', 'range', 'scan', 'pin', 'get-old', 'put-transaction'],
  ...['bulk-load', 'put-commit', 'diff', 'restore', 'clear', 'overhead', 'ycsb-a', 'ycsb-e'],
  ...[
    'box-100',
    'nearest',
    'points-insert',
    'index-commit',
    'index-equal',
    'graph-neighbours',
    'never-commit',
    'reopen',
  ],
]
