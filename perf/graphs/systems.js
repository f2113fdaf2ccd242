// @ts-check
/** The systems with graphs by name, in the order in which they take turns. */
import { graphology } from '../compare/systems/graphology.js'
import { zverse, zverseCached } from './zverse.js'

/** @type {Record<string, (around: { engine?: string }) => Promise<import('./stage.js').System>>} */
export const systems = { zverse, 'zverse+cache': zverseCached, graphology }
