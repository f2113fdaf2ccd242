/** The public names of zverse, nothing else. */
export type { KeyOf, KeysOption, ValueOf, ValuesOption } from './codec-options.js'
export type { DumpOptions } from './dump/dump.js'
export type { LoadOptions } from './dump/load.js'
export type { DumpHeader, DumpRecord } from './dump/record.js'
export type { Handle } from './epoch/handle.js'
export type { Times } from './epoch/times.js'
export type { TrackedWorker } from './epoch/track.js'
export type { ErrorCode, ErrorFields } from './errors.js'
export { ZVerseError } from './errors.js'
export type { Dimension, QuantizedDimension } from './key/axis.js'
export type { TupleKey } from './key/tuple.js'
export type { Point, PointOf, ZOrder } from './key/zorder.js'
export { zorder } from './key/zorder.js'
export type { Cache, DatabaseOptions, History } from './options.js'
export type { Change, Changes, Commit } from './transaction/changes.js'
export type { CheckReport } from './transaction/check.js'
export type { ZVerseIterator } from './transaction/iterator.js'
export type { Condition, Operation } from './transaction/operations.js'
export type {
  BoxOptions,
  Entry,
  HistoryOptions,
  HistoryRecord,
  NearestOptions,
  Neighbour,
} from './transaction/read-verbs.js'
export type { KeyRef } from './transaction/ref.js'
export type { Stats } from './transaction/stats.js'
export type {
  ChangesOptions,
  Difference,
  DiffOptions,
  HotKey,
  Side,
  Store,
} from './transaction/store-verbs.js'
export type {
  ReadTransaction,
  StoreDraft,
  StoreSnapshot,
  TypedStore,
  WriteTransaction,
} from './transaction/transactions.js'
export type {
  Bounds,
  Corner,
  Prefix,
  RangeOptions,
  SnapshotSource,
  View,
} from './transaction/view.js'
export type { Signal } from './transaction/wait.js'
export type { CustomCodec } from './value/custom.js'
export { fromJson, toJson } from './value/tagged-json.js'
export type { StoreInfo, VersionInfo } from './zverse.js'
export { ZVerse } from './zverse.js'
