/** The door to bases: files that hold all of a database at one version (base-format.ts). */
export { type BaseHead, readBaseHead } from './base-format.js'
export { type BaseRead, type Progress, readBase, verifyBase } from './base-reader.js'
export { type BaseContent, type BaseSize, writeBase } from './base-writer.js'
