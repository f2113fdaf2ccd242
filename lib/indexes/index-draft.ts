/** An index as a write transaction changes it, of whatever kind: what its store's follower asks of it. */
import type { KeyBuffer } from '../key/codec.js'
import type { Draft } from '../tree/draft.js'
import type { Workspace } from '../tree/workspace.js'
import type { Writer } from '../tree/writer.js'
import type { EntryPaths } from './bytes.js'
import type { Defined, Known } from './definition.js'
import type { Unfit } from './extract.js'
import { NOWHERE } from './path.js'

/** The stores that a transaction changes. */
export interface Drafts {
  /** The draft of a store, which is made if there is none yet. */
  draftOf(id: number): Draft
  /** Root of a store's tree, as the transaction has it. */
  rootOf(id: number): number
}

/** The values of an entry that goes and of one that comes, both open at a time. */
export interface BothValues {
  readonly before: EntryPaths
  readonly after: EntryPaths
}

/** What the indexes of a handle are changed with. */
export interface Tools {
  readonly W: Uint32Array
  readonly space: Workspace
  readonly writer: Writer
}

/**
 * Invariants:
 * 1. After {@link flush} the index has exactly what the entries of the draft give it.
 * 2. `look` changes nothing, and may throw: `Writer` has a place in the store's tree by then. `note` does not
 *    throw.
 * 3. Where `flush` throws, for want of memory, the changes that wait are all there still: it can be done again.
 */
export abstract class IndexDraft {
  known: Known
  protected readonly tools: Tools
  /** Those of the transaction under way. */
  protected drafts: Drafts

  constructor(known: Known, drafts: Drafts, tools: Tools) {
    this.known = known
    this.drafts = drafts
    this.tools = tools
  }

  /** Begins anew, in another transaction. */
  begin(drafts: Drafts): this {
    this.drafts = drafts
    this.forget()
    return this
  }

  /** What was gathered without a transaction goes on in one, as an index that it has made. */
  move(known: Known, drafts: Drafts): void {
    this.known = known
    this.drafts = drafts
  }

  /** The index as a store. Where nothing of it changes, it is not asked for. */
  get draft(): Draft {
    return this.drafts.draftOf(this.known.id)
  }

  /** Root of the index's tree. */
  protected get root(): number {
    return this.drafts.rootOf(this.known.id)
  }

  /** Changes that wait are no more to be made. */
  abstract forget(): void
  /** There are changes to make. */
  abstract readonly hasChanges: boolean
  /** So many changes wait that they had better be made: while a store is changed, or an index is filled. */
  abstract isFull(isFilling: boolean): boolean
  /** Finds what an entry that goes and one that comes, 0 for none, both of key `primary`, give the index. */
  abstract look(values: BothValues, old: number, entry: number, primary: KeyBuffer): Unfit | null
  /** Notes what {@link look} has found, for the entry of a key. */
  abstract note(key: KeyBuffer): void
  /** What happened since the last {@link flush} is undone. */
  abstract goBack(): void
  /** Makes the changes that wait. @throws ZVerseError `ZVERSE_FULL` */
  abstract flush(): void

  /** The store has been emptied. */
  clear(): void {
    const { W, space } = this.tools
    this.forget()
    this.draft.clear(W, space, space.version)
  }

  /** When all changes are made. @throws ZVerseError `ZVERSE_NOT_UNIQUE` */
  prove(): void {}

  /** An index that is filled without a transaction has some more: a part of the work may be done. */
  digest(): void {}

  /** It has all there is for now. */
  settle(): void {}
}

/** The same bytes are at each path of an index in both values: nothing is extracted to find that out. */
export function isUnchanged({ paths, missing }: Defined, { before, after }: BothValues): boolean {
  for (const path of paths) {
    const old = before.reader.seek(before.from, path)
    const at = after.reader.seek(after.from, path)
    if (old === NOWHERE || at === NOWHERE) {
      if (old !== at || missing === 'error') return false
    } else if (!after.reader.isSame(at, before.reader, old)) return false
  }
  return true
}
