/** The public names of zverse, nothing else. */
export type { KeyOf, KeysOption, ValueOf, ValuesOption } from './codec-options.js'
export type { DumpOptions } from './dump/dump.js'
export type { LoadOptions } from './dump/load.js'
export type { DumpHeader, DumpRecord } from './dump/record.js'
export type { ReplicaState } from './engine/replicator.js'
export type { Signal } from './engine/signal.js'
export type {
  Bounds,
  Corner,
  Prefix,
  RangeOptions,
  SnapshotSource,
  View,
} from './engine/view.js'
export type { ErrorCode, ErrorFields } from './errors.js'
export { ZVerseError } from './errors.js'
export type { Direction, Edge } from './graph/adjacency.js'
export type { Path } from './graph/path.js'
export type { WalkStep } from './graph/walk.js'
export type {
  GraphDefinition,
  IndexDefinition,
  PropertyDefinition,
  SpatialDefinition,
  VectorDefinition,
} from './indexes/definition.js'
export type { IndexBounds, IndexKey } from './indexes/index-range.js'
export type { Dimension, QuantizedDimension } from './key/axis.js'
export type { TupleKey } from './key/tuple-writer.js'
export type { Point, PointOf, ZOrder } from './key/zorder.js'
export { zorder } from './key/zorder.js'
export type {
  Cache,
  Compress,
  DatabaseOptions,
  History,
  IndexFunctions,
  Priority,
  QueueOptions,
  StoreOptions,
} from './options.js'
export type { Lanes, Pressure, PressureLevel } from './queue/pressure.js'
export type { ZVerseIterator } from './read/iterator.js'
export type { Explanation, Where, WhereCondition, WhereOptions } from './read/queries.js'
export type {
  BoxOptions,
  Entry,
  HistoryOptions,
  HistoryRecord,
  NearestOptions,
  Neighbour,
} from './read/read-verbs.js'
export type { ReplicaOptions } from './replica/join.js'
export {
  DEDUPLICATED_MS,
  LogConflict,
  type LogEnds,
  type LogRecord,
  LogTrimmed,
  LogUnavailable,
  type ReplicatedLog,
  type Snapshot,
} from './replica/log.js'
export type { Recovery } from './storage/opening.js'
export type { Loss } from './storage/past-repair.js'
export type { Handle } from './threads/handle.js'
export type { Times } from './threads/times.js'
export type { TrackedWorker } from './threads/track.js'
export type { CustomCodec } from './value/custom.js'
export { fromJson, toJson } from './value/tagged-json.js'
export type { VectorMetric } from './vector/codes.js'
export type { Change, Changes, Commit } from './verbs/changes.js'
export type { CheckReport } from './verbs/check.js'
export type { Graph } from './verbs/graph.js'
export type {
  DegreeOptions,
  EdgeOptions,
  EdgesOptions,
  GraphReads,
  NeighboursOptions,
  PathOptions,
  WalkOptions,
} from './verbs/graph-reads.js'
export type { GraphDraft } from './verbs/graph-writes.js'
export type { IndexDifference } from './verbs/index-diff.js'
export type {
  Index,
  IndexChanges,
  IndexChangesOptions,
  IndexCommit,
  IndexDiffOptions,
  IndexOrder,
  IndexSince,
  SpatialIndex,
  VectorIndex,
} from './verbs/index-handle.js'
export type { IndexInfo, IndexKind, IndexOf } from './verbs/index-making.js'
export type { IndexRangeOptions, IndexReads } from './verbs/property-index.js'
export type { KeyRef } from './verbs/ref.js'
export type { Side } from './verbs/side.js'
export type {
  IndexCorner,
  IndexNeighbour,
  SpatialBounds,
  SpatialReads,
} from './verbs/spatial-index.js'
export type { Stats } from './verbs/stats.js'
export type {
  ChangesOptions,
  Difference,
  DiffOptions,
  HotKey,
  Store,
  StoreInfo,
} from './verbs/store-verbs.js'
export type {
  GraphLike,
  IndexLike,
  ReadTransaction,
  StoreDraft,
  StoreSnapshot,
  TypedStore,
  WriteTransaction,
} from './verbs/transactions.js'
export type {
  QueryVector,
  RecallOptions,
  VectorNearestOptions,
  VectorReads,
} from './verbs/vector-index.js'
export type { VersionInfo } from './verbs/versions.js'
export type { Condition, Operation } from './write/operations.js'
export { type Replica, ZVerse } from './zverse.js'
