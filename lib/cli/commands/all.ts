/** The table of all commands. */

import type { Command } from '../command.js'
import { GROUPS } from '../help.js'
import { BENCH } from './bench.js'
import { CARE } from './care.js'
import { DIRECTORIES } from './directories.js'
import { FILES } from './files.js'
import { GRAPHS } from './graphs.js'
import { INDEXES } from './indexes.js'
import { POINTS } from './points.js'
import { QUERIES } from './queries.js'
import { READING } from './reading.js'
import { SHELL } from './shell.js'
import { STORES } from './stores.js'
import { TRANSACTIONS } from './transactions.js'
import { VECTORS } from './vectors.js'
import { VERSIONS } from './versions.js'
import { WRITING } from './writing.js'

const ALL = [
  ...[READING, WRITING, VERSIONS, TRANSACTIONS, POINTS, INDEXES].flat(),
  ...[VECTORS, QUERIES, GRAPHS, STORES, FILES, CARE, DIRECTORIES, BENCH, SHELL].flat(),
]

/** In the order of their groups. */
export const COMMANDS: readonly Command[] = GROUPS.flatMap(group => {
  return ALL.filter(command => command.group === group)
})
