/**
 * zverse as a Level database: `import { ZVerseLevel } from 'zverse/level'`. Needs
 * abstract-level 3, an optional peer dependency.
 */
/// <reference lib="esnext.disposable" preserve="true" />
export { LevelError } from './errors.js'
export type { MappedChanges, MappedIterator } from './mapped.js'
export type { PastLevel } from './past-level.js'
export type { SnapshotView, ZVerseSnapshot } from './snapshot.js'
export type { LevelSource } from './source.js'
export type { SublevelTravel, ZVerseSublevel } from './sublevel.js'
export type {
  EncodingOptions,
  KeyRange,
  LevelChangesOptions,
  LevelDiffOptions,
  LevelHistoryOptions,
  LevelSide,
  TimeTravel,
  When,
} from './travel.js'
export type { WriteOptions, ZVerseLevelOptions } from './zverse-level.js'
export { ZVerseLevel } from './zverse-level.js'
