/**
 * The conformance suite of a replicated log: what log.ts promises, sentence by sentence, for the author of any adapter.
 * It belongs to no test runner: a case is a name and a function that rejects. No case depends on speed: one that hangs
 * has failed, so give each a long timeout (minutes).
 *
 * ```js
 * for (const { name, run } of conformance) test(name, () => run(freshHarness()))
 * ```
 */
import { APPENDS } from './conformance-appends.js'
import { CLOSES, CUTS } from './conformance-ends.js'
import type { Case } from './conformance-kit.js'
import { READS } from './conformance-reads.js'
import { SNAPSHOTS } from './conformance-snapshots.js'

export type { Case, Harness } from './conformance-kit.js'

/** All cases. Each is for a harness of its own, whose log is fresh. */
export const conformance: readonly Case[] = [...APPENDS, ...READS, ...SNAPSHOTS, ...CLOSES, ...CUTS]
