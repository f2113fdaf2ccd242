// @ts-check
/** The systems with vectors by name, in the order in which they take turns. */
import { bruteForce, hnswlib } from '../compare/systems/hnswlib.js'
import { zverse, zverseCached } from './zverse.js'

/** @type {Record<string, (around: { engine?: string }) => Promise<import('./stage.js').System>>} */
export const systems = {
  zverse,
  'zverse+cache': zverseCached,
  hnswlib,
  'brute force': bruteForce,
}
