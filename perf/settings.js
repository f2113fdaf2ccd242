// @ts-check
/** The command line both benches share. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { markdown } from './report.js'

/**
 * @typedef {object} Settings
 * @property {string[]} names rows; none: all
 * @property {number} rounds
 * @property {number} keys
 * @property {number} seed
 * @property {string} [json] file to write
 * @property {string} [markdown] file to write
 * @property {string} [charts] for the comparison: folder to draw into
 * @property {string} [engine] URL of another build of zverse
 * @property {string} [systems] for the comparison: which, separated by commas
 */

/**
 * The number that an option was given.
 * @param {string} name
 * @param {string} given `_` may group digits
 * @param {boolean} isWhole no fractions
 */
export function positive(name, given, isWhole) {
  const number = Number(given.replaceAll('_', ''))
  if (number > 0 && (!isWhole || Number.isSafeInteger(number))) return number
  throw new Error(`--${name} takes a positive ${isWhole ? 'whole ' : ''}number, not ${given}`)
}

/**
 * @param {string} [count] of keys, unless the command line says
 * @returns {Settings}
 */
export function readSettings(count = '1000000') {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      keys: { type: 'string', default: count },
      seed: { type: 'string', default: '20' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      charts: { type: 'string' },
      engine: { type: 'string' },
      systems: { type: 'string' },
    },
  })
  /** @param {'rounds' | 'keys' | 'seed'} name */
  const whole = name => positive(name, values[name], true)
  return {
    names: positionals,
    ...{ rounds: whole('rounds'), keys: whole('keys'), seed: whole('seed') },
    ...{ json: values.json, markdown: values.markdown, charts: values.charts },
    systems: values.systems,
    engine: values.engine && new URL(values.engine, `file://${process.cwd()}/`).href,
  }
}

/**
 * @param {Settings} settings
 * @param {import('./report.js').Run} run
 * @param {(run: import('./report.js').Run) => string} [text] the Markdown
 */
export function writeFiles(settings, run, text = markdown) {
  /** @type {[string | undefined, () => string][]} */
  const files = [
    [settings.json, () => `${JSON.stringify(run, null, 2)}\n`],
    [settings.markdown, () => text(run)],
  ]
  for (const [file, content] of files) {
    if (file === undefined) continue
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content())
  }
}
