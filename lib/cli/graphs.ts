/** Graphs as the commands take them: the entered one, its reader at a version, edges, and weights. */
import type {
  Direction,
  Edge,
  Graph,
  GraphReads,
  Path,
  PathOptions,
  TupleKey,
  View,
} from '../index.js'
import { ZVerseError } from '../index.js'
import { type KeyForm, keyForm, VALUE_CODECS, type ValueForm, valueForm } from './literals.js'
import type { Items } from './result.js'
import { Interrupted, type Session } from './session.js'
import { asWord, Mistake, shorten, type Word } from './words.js'

export type AnyGraph = Graph<TupleKey, unknown>
type Reads = GraphReads<TupleKey, unknown>
export type AnyEdge = Edge<TupleKey, unknown>
/** The write verbs that graphs and their drafts share. */
type Writes = {
  [V in 'addEdge' | 'removeEdge' | 'removeNode']: (...args: Parameters<AnyGraph[V]>) => unknown
}

/** Nodes are written as tuple keys are, of which they are parts. */
export function nodes(): KeyForm {
  return keyForm('tuple')
}

export function nodeIn(word: Word): TupleKey {
  return nodes().read(word) as TupleKey
}

/** The key of an edge, as `get` takes it. */
export function edgeWord({ from, type, to }: AnyEdge): string {
  return nodes().write([from, type, to])
}

// ── Making and entering ───────────────────────────────────────────────────────────────────────────

/**
 * The graph of that name, if the present version has one. `graph` would make one; but the database makes none
 * while this thread has a transaction open, and a replica none but by its log.
 */
export function graphThere(
  session: Session,
  name: string,
  values?: ValueForm,
): AnyGraph | undefined {
  const { db } = session
  const there = db.stores().find(store => store.name === name)
  if (there?.keys !== 'tuple' || !VALUE_CODECS.some(codec => codec === there.values)) {
    return undefined
  }
  const isHeld = session.tx !== null || session.replica !== undefined
  const held = isHeld ? null : db.beginWrite()
  try {
    return db.graph(name, { values: (values ?? valueForm(there.values)).option })
  } catch (error) {
    if (error instanceof ZVerseError && MAKES_NONE.includes(error.code)) return undefined
    throw error
  } finally {
    held?.abort()
  }
}

const MAKES_NONE = ['ZVERSE_NESTED_TRANSACTION', 'ZVERSE_REPLICATED']

/** Enters a graph, and makes it if there is none. */
export async function enterGraph(
  session: Session,
  name: string,
  values?: ValueForm,
): Promise<{ graph: AnyGraph; isMade: boolean }> {
  const there = graphThere(session, name, values)
  const graph = there ?? (await madeGraph(session, name, values))
  await session.enter(name)
  if (session.entered !== null) session.entered.graph = graph
  return { graph, isMade: there === undefined }
}

async function madeGraph(
  session: Session,
  name: string,
  values: ValueForm | undefined,
): Promise<AnyGraph> {
  const { db, made } = session
  session.mustBePresent('no graph can be made there')
  session.mustHaveNoTransaction('making a graph')
  const there = db.stores().find(store => store.name === name)
  const form = values ?? (there === undefined ? made.values : valueForm(there.values))
  try {
    return await session.change(() => db.graph(name, { values: form.option }))
  } catch (error) {
    if (!(error instanceof ZVerseError) || error.code !== 'ZVERSE_INVALID_KEY') throw error
    throw new Mistake(
      `${error.message} (${error.code})`,
      `store ${asWord(name)} has other keys: under another name \`graph\` makes a new one`,
    )
  }
}

/** The stores of the prompt's version that are graphs. */
export function graphsIn(session: Session) {
  return session.stores().filter(({ name }) => {
    const graph = graphThere(session, name)
    return graph !== undefined && isGraphAt(graph, session.here)
  })
}

function isGraphAt(graph: AnyGraph, view: View): boolean {
  try {
    graph.degree(null, { direction: 'in', ...view })
    return true
  } catch (error) {
    if (error instanceof ZVerseError && error.code === 'ZVERSE_UNKNOWN_INDEX') return false
    throw error
  }
}

// ── Reading and writing ───────────────────────────────────────────────────────────────────────────

/** The graph whose store is entered. @throws Mistake if that is none */
export function enteredGraph(session: Session): AnyGraph {
  const { entered } = session
  if (entered === null) {
    throw new Mistake(
      'the unnamed store is no graph',
      '`graph NAME` enters one, and makes it if there is none; of one command --store NAME names it',
    )
  }
  entered.graph ??= graphThere(session, entered.name) ?? null
  if (entered.graph !== null) return entered.graph
  const name = asWord(entered.name)
  const isTuple = session.keys.name === 'tuple'
  const hint = isTuple ? `\`graph ${name}\` makes it one` : '`graph NAME` makes a store that is one'
  throw new Mistake(`store ${name} is no graph`, hint)
}

/** The read verbs of the entered graph, as {@link Session.reader} has those of stores. */
export function graphReader(
  session: Session,
  at: Word | undefined,
): { from: Reads | AnyGraph; view: View } {
  const view = session.view(at)
  const graph = enteredGraph(session)
  if (at !== undefined || session.tx === null) return { from: graph, view }
  return { from: session.tx.graph(graph), view: {} }
}

/** The write verbs of the entered graph: of the open transaction, or of the database. */
export function graphWriter(session: Session): Writes {
  session.mustBePresent('nothing can be written there')
  const graph = enteredGraph(session)
  return session.tx === null ? graph : session.tx.graph(graph)
}

/**
 * The path from one node to another at the prompt's version, or at a given view. Outside of a transaction the
 * search goes on in slices, so that Ctrl-C stops it.
 */
export async function pathIn(
  session: Session,
  at: Word | undefined,
  start: TupleKey,
  end: TupleKey,
  options: PathOptions<TupleKey, unknown>,
): Promise<Path<TupleKey, unknown> | undefined> {
  const { from, view } = graphReader(session, at)
  if (!('pathAsync' in from)) return from.path(start, end, { ...options, ...view })
  const signal = {
    get aborted() {
      return session.interrupted
    },
    reason: undefined,
    addEventListener() {},
    removeEventListener() {},
  }
  try {
    return await from.pathAsync(start, end, { ...options, ...view, signal })
  } catch (error) {
    if (session.interrupted) throw new Interrupted('stopped')
    throw error
  }
}

// ── Edges ─────────────────────────────────────────────────────────────────────────────────────────

/** The edges of a node on the sides of a direction, each once. */
export function edgesOf(
  from: Reads,
  node: TupleKey,
  {
    direction = 'out',
    ...options
  }: { direction?: Direction | undefined; type?: string | undefined } & View,
): Items<AnyEdge> {
  if (direction === 'out') return from.out(node, options)
  if (direction === 'in') return from.in(node, options)
  const { write } = nodes()
  const out = from.out(node, options)
  const back = from.in(node, options)
  return {
    next() {
      const first = out.next()
      if (!first.done) return first
      for (;;) {
        const { value, done } = back.next()
        if (done) return { value: undefined, done }
        // The one from the node to itself was among the first.
        if (write(value.from) !== write(value.to)) return { value, done }
      }
    },
    return() {
      out.return?.()
      back.return?.()
    },
  }
}

/** The first of some items. */
export function firstOf<T>(items: Items<T>, limit = Number.POSITIVE_INFINITY): Items<T> {
  let left = limit
  return {
    next() {
      if (left-- > 0) return items.next()
      items.return?.()
      return { value: undefined, done: true }
    },
    return: () => items.return?.(),
  }
}

/**
 * What an edge costs by `--weight`: the number at a path of its value, or the value itself.
 * @param values how they are written
 */
export function weightIn({ text }: Word, values: ValueForm): (edge: AnyEdge) => number {
  const names = text.split('.')
  if (names.includes('')) {
    throw new Mistake(`--weight must be a path, not ${asWord(text)}`, 'names with dots, as road.km')
  }
  return edge => {
    const isOwn = text === 'value' && !isObject(edge.value)
    const found = isOwn ? edge.value : reached(edge.value, names)
    if (typeof found === 'number' && found >= 0) return found
    const what = found === undefined ? 'nothing' : shorten(values.write(found))
    throw new Mistake(
      `edge ${edgeWord(edge)} has ${what} at ${asWord(text)}`,
      'a weight is a number ≥ 0, in the values of all edges on the way',
    )
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** What a path leads to; undefined: nothing. */
function reached(value: unknown, names: readonly string[]): unknown {
  let at = value
  for (const name of names) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return undefined
    if (Array.isArray(at) && !/^\d+$/.test(name)) return undefined
    at = (at as Record<string, unknown>)[name]
  }
  return at
}
