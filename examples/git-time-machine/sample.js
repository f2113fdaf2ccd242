// @ts-check
/**
 * A small history to show without git: the input of `load` (load.js), and the truth that `verify`
 * (verify.js) compares with, worked out here from plain objects, one per commit.
 */
import { SUBMODULE, SYMLINK } from './parse.js'
import { encodeFile, oidOf } from './stored.js'

/** @typedef {import('./parse.js').Change} Change */

const FILE = 0o100644
const PROGRAM = 0o100755

/** Every commit as its changes: a path → [mode, content], or `null` if it goes away.
 * @type {{ author: string, subject: string,
 *   files: Record<string, [mode: number, content: string] | null> }[]} */
const STORY = [
  {
    author: 'Ada Lovelace',
    subject: 'Begin the notes on the engine',
    files: { 'README.md': [FILE, '# Notes\n'], 'notes/a.txt': [FILE, 'The engine weaves.\n'] },
  },
  {
    author: 'Charles Babbage',
    subject: 'Add a program for the numbers of Bernoulli',
    files: { 'bin/bernoulli': [FILE, '#!/bin/sh\necho 1/6 -1/30 1/42\n'] },
  },
  {
    author: 'Ada Lovelace',
    subject: 'Let it be run',
    files: { 'bin/bernoulli': [PROGRAM, '#!/bin/sh\necho 1/6 -1/30 1/42\n'] },
  },
  {
    author: 'Ada Lovelace',
    subject: 'Name the notes by letter, and point at the latest',
    files: {
      'notes/a.txt': null,
      'notes/A.txt': [FILE, 'The engine weaves.\n'],
      latest: [SYMLINK, 'notes/A.txt'],
    },
  },
  { author: 'Charles Babbage', subject: 'A commit that changes no file', files: {} },
  {
    author: 'Luigi Menabrea',
    subject: 'Add a picture and the library the engine builds upon',
    files: {
      'plan.bin': [FILE, '\u0000\u0001\u00ff\u00fe'],
      mill: [SUBMODULE, '1842184218421842184218421842184218421842'],
    },
  },
  {
    author: 'Ada Lovelace',
    subject: 'Notes A to G',
    files: {
      'README.md': [FILE, '# Notes\n\nSeven of them, A to G.\n'],
      'notes/G.txt': [FILE, 'A plan for the numbers of Bernoulli.\n'],
      latest: [SYMLINK, 'notes/G.txt'],
      'plan.bin': null,
    },
  },
  {
    author: 'Charles Babbage',
    subject: 'The mill is a file now, and the program a directory',
    files: {
      mill: [FILE, 'See the other house.\n'],
      'bin/bernoulli': null,
      'bin/bernoulli/run': [PROGRAM, '#!/bin/sh\necho 1/6 -1/30 1/42 -1/30\n'],
    },
  },
]

const NOTHING = '0'.repeat(40)
const DAY = 86_400_000

/** @param {[number, string]} file @returns {Buffer} */
const contentOf = ([mode, text]) => Buffer.from(text, mode === SUBMODULE ? 'hex' : 'latin1')
/** @param {[number, string] | undefined} file */
const nameOf = file => (file ? oidOf(encodeFile(file[0], contentOf(file)), 40) : NOTHING)
/** @param {{ path: Buffer }} a @param {{ path: Buffer }} b */
const byPath = (a, b) => Buffer.compare(a.path, b.path)

/** The built-in history, in the shape of a `GitHistory`. */
export class SampleHistory {
  name = 'the built-in sample'
  count = STORY.length
  /** @type {string[]} */
  remarks = []
  /** @type {Map<string, Buffer>} */
  #contents = new Map()
  /** The files after each commit. @type {Map<string, [number, string]>[]} */
  #trees = []
  /** @type {string[]} */
  #names = []

  constructor() {
    /** @type {Map<string, [number, string]>} */
    let files = new Map()
    for (const [i, { subject, files: changed }] of STORY.entries()) {
      files = new Map(files)
      for (const [path, file] of Object.entries(changed)) {
        if (!file) files.delete(path)
        else {
          files.set(path, file)
          this.#contents.set(nameOf(file), contentOf(file))
        }
      }
      this.#trees.push(files)
      this.#names.push(nameOf([FILE, `${i} ${subject}`]))
    }
  }

  async *commits() {
    for (const [i, { author, subject }] of STORY.entries()) {
      const email = `${author.toLowerCase().replaceAll(' ', '.')}@example.org`
      const date = new Date(Date.UTC(1843, 6, 1) + i * DAY)
      yield { oid: this.#names[i], author, email, date, subject, changes: this.#changes(i) }
    }
  }

  blobs() {
    /** @type {string[]} */
    const asked = []
    return {
      request: (/** @type {string[]} */ oids) => void asked.push(...oids),
      next: () => this.#contents.get(asked.shift() ?? '') ?? Buffer.alloc(0),
      close() {},
    }
  }

  async names() {
    return this.#names
  }

  /** The one commit that `name` is HEAD, a name or the beginning of a name of. @param {string} name */
  async resolve(name) {
    const found = this.#names.filter(oid => name.length >= 4 && oid.startsWith(name.toLowerCase()))
    if (name === 'HEAD') return this.#names.at(-1)
    return found.length === 1 ? found[0] : undefined
  }

  /** @param {string} commit */
  async tree(commit) {
    const files = [...this.#trees[this.#names.indexOf(commit)]]
    return files
      .map(([path, file]) => ({ path: Buffer.from(path), mode: file[0], oid: nameOf(file) }))
      .sort(byPath)
  }

  /** @param {Iterable<[string, string | undefined]>} pairs */
  async *diffs(pairs) {
    for (const [oid] of pairs) yield { oid, changes: this.#changes(this.#names.indexOf(oid)) }
  }

  /** @param {number} i @returns {Change[]} */
  #changes(i) {
    const before = this.#trees[i - 1] ?? new Map()
    return Object.entries(STORY[i].files)
      .map(([path, file]) => {
        const old = before.get(path)
        const status = !old ? 'A' : !file ? 'D' : old[0] >> 12 === file[0] >> 12 ? 'M' : 'T'
        const [oldMode, newMode] = [old?.[0] ?? 0, file?.[0] ?? 0]
        const [oldOid, newOid] = [nameOf(old), nameOf(file ?? undefined)]
        return { path: Buffer.from(path), status, oldMode, newMode, oldOid, newOid }
      })
      .sort(byPath)
  }
}
