/** Commands that make graphs, change their edges, and read along them. */
import type { Direction } from '../../index.js'
import { counted } from '../bar.js'
import type { Call, Command, Option } from '../command.js'
import {
  type AnyEdge,
  edgesOf,
  edgeWord,
  enterGraph,
  firstOf,
  graphReader,
  graphsIn,
  graphWriter,
  nodeIn,
  nodes,
  pathIn,
  weightIn,
} from '../graphs.js'
import { valueForm } from '../literals.js'
import { NOTHING, type Result, rowsOf, VALUE, versionResult } from '../result.js'
import type { Session } from '../session.js'
import { asWord, Mistake, type Word } from '../words.js'
import { AT } from './ranges.js'
import { written, writtenValue } from './writing.js'

const FROM = { name: 'FROM', kind: 'node' } as const
const TO = { name: 'TO', kind: 'node' } as const
/** The type of one edge. */
const OWN_TYPE: Option = {
  ...{ name: 'type', value: 'TYPE', kind: 'edge type' },
  summary: 'its type: the empty text by default; between two nodes there is one edge of each',
}
const TYPE: Option = {
  ...{ name: 'type', value: 'TYPE', kind: 'edge type' },
  summary: 'only edges of this type',
}
const DIRECTIONS = ['out', 'in', 'both']
const DIRECTION: Option = {
  ...{ name: 'direction', value: 'out|in|both', choices: DIRECTIONS },
  summary: 'along the edges (default), against them, or both',
}
const LIMIT: Option = { name: 'limit', value: 'N', summary: 'N at most' }

const NODE = { name: 'node', kind: 'key' } as const
const EDGE = { name: 'edge', kind: 'key' } as const
const EDGES = [
  { name: 'from', kind: 'key' },
  { name: 'type', kind: 'text' },
  { name: 'to', kind: 'key' },
  VALUE,
] as const

export const GRAPHS: readonly Command[] = [
  {
    name: 'graph',
    group: 'Graphs',
    needs: 'from',
    arguments: [{ name: 'NAME', kind: 'store', optional: true }],
    options: [
      { name: 'values', value: 'CODEC', kind: 'value codec', summary: 'the codec of its values' },
    ],
    summary: 'enters a graph, or lists the graphs',
    details:
      'A graph is a store whose entries are edges: a key is [FROM, TYPE, TO], and edges are found from both ends. All ' +
      'later commands work on that store. The graph is made if there is none; a store that has such keys already ' +
      'becomes one. Nodes are words as of codec tuple: text, numbers, arrays; a node is there as long as it has ' +
      'edges. get, put, delete, load, history and where work on edges as on other entries. Without NAME the command ' +
      'lists the graphs; `store` goes back to the unnamed store.',
    examples: [
      {
        title: 'Roads, and how long they are:',
        transcript: `
zverse> graph roads
a new graph of 0 edges, version 1
zverse:roads> link bern thun {"km": 26}
version 2
zverse:roads> link bern zürich {"km": 95}
version 3
zverse:roads> neighbours bern
node
thun
zürich
zverse:roads> range
key                   value
["bern","","thun"]    {"km":26}
["bern","","zürich"]  {"km":95}`,
      },
    ],
    writes: ({ words }) => words.length > 0,
    async run(session, call) {
      const [word] = call.words
      return word === undefined ? listed(session) : entered(session, word, call.option('values'))
    },
  },
  {
    name: 'link',
    group: 'Graphs',
    needs: 'to',
    arguments: [FROM, TO, { name: 'VALUE', kind: 'text', optional: true }],
    options: [OWN_TYPE],
    summary: 'adds an edge',
    details:
      'Prints the version that it made. VALUE is a value as `put` takes it, null by default; an edge that is there ' +
      'already gets the new one.',
    examples: [
      {
        title: 'Two edges between the same nodes:',
        transcript: `
zverse> graph people
a new graph of 0 edges, version 1
zverse:people> link ann bob --type knows
version 2
zverse:people> link ann bob {"since": 2019} --type manages
version 3
zverse:people> neighbours ann --edges
from  type     to   value
ann   knows    bob  null
ann   manages  bob  {"since":2019}`,
      },
    ],
    async run(session, call) {
      const [from, to, value] = call.words
      const writer = graphWriter(session)
      const given = value === undefined ? undefined : session.values.read(value)
      const ends = [nodeIn(from), nodeIn(to)] as const
      const version = await session.change(() =>
        writer.addEdge(...ends, given, { type: typeOf(call) }),
      )
      return value === undefined ? written(session, version) : writtenValue(session, value, version)
    },
  },
  {
    name: 'unlink',
    group: 'Graphs',
    needs: 'to',
    arguments: [FROM, { ...TO, optional: true }],
    options: [OWN_TYPE, { name: 'all', summary: 'without TO: all edges from the node, and to it' }],
    summary: 'removes an edge, or all edges of a node',
    details:
      'Prints the version that the removal made: the present one if there was no such edge. Older versions still ' +
      'have it.',
    examples: [
      {
        title: 'One edge, then all of a node:',
        transcript: `
zverse> graph people
a new graph of 0 edges, version 1
zverse:people> batch put ["ann","","bob"] 1; put ["bob","","cid"] 2
version 2
zverse:people> link cid ann
version 3
zverse:people> unlink ann bob
version 4
zverse:people> unlink cid --all
version 5
zverse:people> neighbours bob --direction both
(nothing)
zverse:people> neighbours bob --direction both --at 3
node
cid
ann`,
      },
    ],
    async run(session, call) {
      const [from, to] = call.words
      if (to === undefined) return unlinkedAll(session, call, from)
      if (call.has('all')) {
        throw new Mistake('--all is for one node: it takes no TO', `unlink ${nodeWord(from)} --all`)
      }
      const writer = graphWriter(session)
      const ends = [nodeIn(from), nodeIn(to)] as const
      const version = await session.change(() => writer.removeEdge(...ends, { type: typeOf(call) }))
      return written(session, version)
    },
  },
  {
    name: 'neighbours',
    group: 'Graphs',
    needs: 'from',
    arguments: [{ name: 'NODE', kind: 'node' }],
    options: [
      DIRECTION,
      TYPE,
      { name: 'edges', summary: 'the edges, with their values, instead of the nodes' },
      LIMIT,
      AT,
    ],
    summary: 'the nodes that edges of a node lead to',
    details:
      'Prints each node once: by the types of the edges, then in the order of keys; with --direction both those that ' +
      'edges lead to come first.',
    examples: [
      {
        title: 'Whom ann knows, and who knows ann:',
        transcript: `
zverse> graph people
a new graph of 0 edges, version 1
zverse:people> batch put ["ann","knows","bob"] 1; put ["cid","knows","ann"] 2
version 2
zverse:people> neighbours ann
node
bob
zverse:people> neighbours ann --direction in
node
cid
zverse:people> neighbours ann --direction both --edges
from  type   to   value
ann   knows  bob  1
cid   knows  ann  2`,
      },
    ],
    run(session, call) {
      const { from, view } = graphReader(session, call.option('at'))
      const node = nodeIn(call.word(0))
      const limit = call.integer('limit')
      const options = { ...sidesOf(call), ...view }
      if (!call.has('edges')) {
        const found = from.neighbours(node, { ...options, limit })
        return rowsOf([NODE], found, other => [nodes().write(other)])
      }
      return rowsOf(EDGES, firstOf(edgesOf(from, node, options), limit), edge => {
        return edgeCells(session, edge)
      })
    },
  },
  {
    name: 'walk',
    group: 'Graphs',
    needs: 'from',
    arguments: [{ name: 'START', kind: 'node' }],
    options: [
      DIRECTION,
      TYPE,
      { name: 'depth', value: 'N', summary: 'N edges from START at most' },
      {
        ...{ name: 'order', value: 'breadth|depth', choices: ['breadth', 'depth'] },
        summary: 'the nearest nodes first (default), or each branch to its end',
      },
      LIMIT,
      AT,
    ],
    summary: 'all nodes that edges lead to from one',
    details:
      'Prints each node once, without START, with the least number of edges between them, and the key of the edge that ' +
      'led to it.',
    examples: [
      {
        title: 'Two edges far, then all of it branch by branch:',
        transcript: `
zverse> graph parts
a new graph of 0 edges, version 1
zverse:parts> batch put ["bike","","frame"] 1; put ["bike","","wheel"] 2
version 2
zverse:parts> batch put ["frame","","tube"] 3; put ["tube","","weld"] 4
version 3
zverse:parts> walk bike --depth 2
depth  node   edge
    1  frame  ["bike","","frame"]
    1  wheel  ["bike","","wheel"]
    2  tube   ["frame","","tube"]
zverse:parts> walk bike --order depth
depth  node   edge
    1  frame  ["bike","","frame"]
    2  tube   ["frame","","tube"]
    3  weld   ["tube","","weld"]
    1  wheel  ["bike","","wheel"]`,
      },
    ],
    run(session, call) {
      const { from, view } = graphReader(session, call.option('at'))
      const order = call.option('order')?.text as 'breadth' | undefined
      const options = { ...sidesOf(call), depth: call.integer('depth'), order, ...view }
      const steps = from.walk(nodeIn(call.word(0)), options)
      const columns = [{ name: 'depth', kind: 'number' }, NODE, EDGE] as const
      return rowsOf(columns, firstOf(steps, call.integer('limit')), ({ depth, node, edge }) => {
        return [String(depth), nodes().write(node), edgeWord(edge)]
      })
    },
  },
  {
    name: 'path',
    group: 'Graphs',
    needs: 'from',
    arguments: [FROM, TO],
    options: [
      DIRECTION,
      TYPE,
      {
        ...{ name: 'weight', value: 'PATH' },
        summary:
          'least cost: the sum of the numbers at PATH in values, or of values that are numbers',
      },
      { name: 'max-depth', value: 'N', summary: 'N edges at most' },
      AT,
    ],
    summary: 'the shortest way from one node to another',
    details:
      'Prints the nodes of the way, its edges with their values, and the cost: the number of edges, or with --weight the ' +
      'sum of what they cost. PATH is names with dots between them, as road.km, or value for a value that is ' +
      'itself a number; a number is at least 0, and {"$number":"Infinity"} closes an edge. Of several ways it is ' +
      'the same one each time; where there is none it prints (no path).',
    examples: [
      {
        title: 'The fewest edges, and the fewest kilometres:',
        transcript: `
zverse> graph roads
a new graph of 0 edges, version 1
zverse:roads> batch put ["a","","b"] {"km": 9}; put ["a","","c"] {"km": 2}
version 2
zverse:roads> link c b {"km": 3}
version 3
zverse:roads> path a b
nodes  a b
edge   ["a","","b"] {"km":9}
cost   1
zverse:roads> path a b --weight km
nodes  a c b
edge   ["a","","c"] {"km":2}
edge   ["c","","b"] {"km":3}
cost   5
zverse:roads> path b a
(no path)`,
      },
    ],
    async run(session, call) {
      const weight = call.option('weight')
      const [start, end] = call.words.map(nodeIn)
      const path = await pathIn(session, call.option('at'), start, end, {
        ...sidesOf(call),
        maxDepth: call.integer('max-depth'),
        weight: weight === undefined ? undefined : weightIn(weight, session.values),
      })
      if (path === undefined) return { is: 'value', value: null, text: '(no path)' }
      const lines = [
        `nodes  ${path.nodes.map(nodes().write).join(' ')}`,
        ...path.edges.map(edge => `edge   ${edgeWord(edge)} ${session.values.write(edge.value)}`),
        `cost   ${path.cost}`,
      ]
      return { is: 'text', text: lines.join('\n'), value: path }
    },
  },
]

async function entered(
  session: Session,
  { text: name }: Word,
  values: Word | undefined,
): Promise<Result> {
  if (name === '') throw new Mistake('the name of a graph must not be empty')
  const form = values === undefined ? undefined : valueForm(values.text)
  const { graph, isMade } = await enterGraph(session, name, form)
  const { version } = session.db
  if (!isMade) return NOTHING
  const count = counted(graph.edges.count(), 'edge')
  return versionResult(version, `a new graph of ${count}, version ${version}`)
}

function listed(session: Session): Result {
  const columns = [
    { name: 'name', kind: 'key' },
    { name: 'values', kind: 'text' },
  ] as const
  return rowsOf(columns, graphsIn(session).values(), ({ name, values }) => [asWord(name), values])
}

async function unlinkedAll(session: Session, call: Call, node: Word): Promise<Result> {
  const name = nodeWord(node)
  if (!call.has('all')) {
    throw new Mistake('unlink needs TO', `\`unlink ${name} --all\` removes all edges of ${name}`)
  }
  if (call.has('type')) {
    throw new Mistake('--all removes edges of all types: it has no --type', `unlink ${name} --all`)
  }
  const writer = graphWriter(session)
  const removed = nodeIn(node)
  return written(session, await session.change(() => writer.removeNode(removed)))
}

const nodeWord = (word: Word) => nodes().write(nodeIn(word))

function typeOf(call: Call): string | undefined {
  return call.option('type')?.text
}

/** `--direction` and `--type`, as the API's options. */
function sidesOf(call: Call): { direction: Direction | undefined; type: string | undefined } {
  const direction = call.option('direction')?.text
  if (direction !== undefined && !DIRECTIONS.includes(direction)) {
    throw new Mistake(`--direction must be out, in or both, not ${asWord(direction)}`)
  }
  return { direction: direction as Direction | undefined, type: typeOf(call) }
}

function edgeCells({ values }: Session, { from, type, to, value }: AnyEdge): string[] {
  const { write } = nodes()
  return [write(from), asWord(type), write(to), values.write(value)]
}
