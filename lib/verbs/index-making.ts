/**
 * Making, dropping and listing the indexes of a store.
 *
 * An index is made in one commit: by `makeIndex` all of it in the writer's turn, by `makeIndexAsync` mostly before it.
 */
import type { Signal } from '../engine/signal.js'
import { checkView, type View } from '../engine/view.js'
import {
  type Defined,
  definedBy,
  GRAPH,
  type IndexDefinition,
  type Known,
  shownOf,
} from '../indexes/definition.js'
import { WRITING_VERB } from '../memory/layout.js'
import { isWellFormed } from '../memory/text.js'
import { invalidOption } from '../options.js'
import { indexesAt } from '../read/at.js'
import { DatabaseSource } from '../read/database-source.js'
import { IndexCore, unknownIndex } from '../read/index-core.js'
import type { StoreCore } from '../read/store-core.js'
import { turn } from '../threads/loop.js'
import { commitVersion, write } from '../write/commit.js'
import { IndexBuild } from '../write/index-build.js'
import { inTurn } from '../write/transaction.js'
import { Index, SpatialIndex, VectorIndex } from './index-handle.js'
import { checkGoesOn } from './wait.js'

/** The kinds of indexes, and what each kind is. */
export type IndexKind = 'property' | 'spatial' | 'vector'
export type IndexOf<K, V, Kind extends IndexKind> = {
  property: Index<K, V>
  spatial: SpatialIndex<K, V>
  vector: VectorIndex<K, V>
}[Kind]

/** An index of a store, with its definition, as `indexes` lists it. */
export type IndexInfo = { name: string } & IndexDefinition

type AnyIndex = IndexOf<never, never, IndexKind>

/** Entries looked at in one turn of the event loop. */
const SLICE = 1000
/** So many changes are left for the writer's turn at most, unless writers are as fast as the build. */
const FEW = 2000
/** The longest name of an index. */
const LONGEST = 1000
/** Times that the build catches up with the writers before it takes their turn. */
const PASSES = 8

/** `index` of a store. */
export function makeIndex(core: StoreCore, name: string, definition: unknown): AnyIndex {
  checkName(name)
  const defined = definedFor(core, definition)
  let known = presentIndex(core, name)
  if (known === undefined && defined !== undefined) {
    write(core.engine, WRITING_VERB, tx => {
      const of = tx.idOf(core)
      // Another thread may have made it meanwhile.
      known = tx.indexesOf(of).find(index => index.name === name)
      if (known !== undefined) return
      const id = tx.createIndex(of, name, defined)
      known = { id, of, name, defined }
    })
  }
  return handleOf(core, name, known, defined)
}

/** `indexAsync` of a store. */
export async function makeIndexAsync(
  core: StoreCore,
  name: string,
  definition: unknown,
  signal: Signal | undefined,
): Promise<AnyIndex> {
  checkName(name)
  const defined = definedFor(core, definition)
  if (defined === undefined) throw invalidOption('definition', 'must be given')
  checkGoesOn(core.engine, signal)
  core.engine.notWriting()
  const known = presentIndex(core, name) ?? (await build(core, name, defined, signal))
  return handleOf(core, name, known, defined)
}

async function build(
  core: StoreCore,
  name: string,
  defined: Defined,
  signal: Signal | undefined,
): Promise<Known> {
  const { engine } = core
  const goesOn = () => checkGoesOn(engine, signal)
  const made = new IndexBuild(new DatabaseSource(core), name, defined)
  try {
    for (let pass = 0; pass < PASSES; pass++) {
      if (pass > 0) made.catchUp()
      let changes = 0
      for (let read = made.read(SLICE); read > 0; read = made.read(SLICE)) {
        changes += read
        await turn()
        goesOn()
      }
      if (pass > 0 && changes <= FEW) break
    }
    let known: Known | undefined
    const isWriting = () => engine.isWriting
    await engine.epochs.turn.waitFor(goesOn, isWriting, () => {
      known = inTurn(engine, WRITING_VERB, tx => {
        tx.begin(true)
        const there = tx.indexesOf(tx.idOf(core)).find(index => index.name === name)
        if (there !== undefined) return there
        const finished = made.finish(tx)
        commitVersion(tx)
        return finished
      })
    })
    return known as Known
  } finally {
    made.release()
  }
}

/** `dropIndex` of a store. */
export function dropIndex(core: StoreCore, name: string): number {
  checkName(name)
  return write(core.engine, WRITING_VERB, tx => {
    const known = tx.indexesOf(tx.idOf(core)).find(index => index.name === name)
    if (known === undefined) throw unknownIndex(name)
    tx.dropIndex(known)
  })
}

/** `indexes` of a store. */
export function listIndexes(core: StoreCore, view: View | undefined): IndexInfo[] {
  const held = new DatabaseSource(core).hold(checkView(view, 'indexes'))
  try {
    const all = indexesAt(core, held).filter(({ name }) => name !== GRAPH)
    return all.map(({ name, defined }) => ({ name, ...(shownOf(defined) as IndexDefinition) }))
  } finally {
    held.release()
  }
}

function definedFor({ keys, values }: StoreCore, definition: unknown): Defined | undefined {
  if (definition === undefined) return undefined
  return definedBy(definition, { keys: keys.name, values: values.name })
}

/** @throws ZVerseError `ZVERSE_UNKNOWN_INDEX`; `ZVERSE_INVALID_OPTION` where it was defined otherwise */
function handleOf(
  core: StoreCore,
  name: string,
  known: Known | undefined,
  defined: Defined | undefined,
): AnyIndex {
  if (known === undefined) throw unknownIndex(name)
  if (defined !== undefined && defined.text !== known.defined.text) {
    const made = JSON.stringify(shownOf(known.defined))
    const message = `of index ${JSON.stringify(name)}: it was made as ${made}; drop it first`
    throw invalidOption('definition', message)
  }
  const index = new IndexCore(core, known)
  switch (known.defined.kind) {
    case 'spatial':
      return new SpatialIndex(index)
    case 'vector':
      return new VectorIndex(index)
    default:
      return new Index(index)
  }
}

function checkName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '' && name.length <= LONGEST && isWellFormed(name))
    return
  throw invalidOption('name', `of an index must be a string of 1 to ${LONGEST} characters`)
}

/** The index of that name that the present version has. */
function presentIndex(core: StoreCore, name: string): Known | undefined {
  const { epochs, names, indexes } = core.engine
  epochs.slots.enter()
  try {
    const record = epochs.versions.current
    if (core.stateIn(record) === 0) throw core.unknown()
    return indexes
      .below(names.rootIn(record))
      .get(core.idIn(record))
      ?.find(index => index.name === name)
  } finally {
    epochs.slots.exit()
  }
}
