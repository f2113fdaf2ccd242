/** `zverse/log`: replicated logs for nodes of one process, and the suite that any log passes. */
export { type Case, conformance, type Harness } from './replica/conformance.js'
export { fileLog } from './replica/file-log.js'
export type { LocalLog } from './replica/local-log.js'
export { type LocalLogOptions, memoryLog } from './replica/memory-log.js'
