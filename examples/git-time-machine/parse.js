// @ts-check
/**
 * Git's output as values. Pure functions and small state machines over bytes: no processes, no
 * database. Everything is read in its NUL-separated form (`-z`), the only one in which git shows
 * paths unchanged: bytes, with newlines, quotes or broken UTF-8 in them.
 */

/** One file of a tree. Contents are named by `oid`; of a submodule it is the commit's name.
 * @typedef {{ path: Buffer, mode: number, oid: string }} TreeEntry */

/** One line of a raw diff. On the side where a file is absent its mode is 0.
 * @typedef {{ path: Buffer, status: string, oldMode: number, newMode: number,
 *   oldOid: string, newOid: string }} Change */

/** One commit, with its changes against its first parent.
 * @typedef {{ oid: string, author: string, email: string, date: Date, subject: string,
 *   changes: Change[] }} Commit */

/** Mode of a submodule: the entry names a commit of another repository and has no content here. */
export const SUBMODULE = 0o160000
/** Mode of a symbolic link: its content is the target. */
export const SYMLINK = 0o120000

/**
 * The NUL-terminated fields of a stream, in one array for each chunk that came (one `await` for a
 * chunk, not for a field, makes this quick).
 * @param {AsyncIterable<Buffer>} chunks
 * @returns {AsyncGenerator<Buffer[]>}
 */
export async function* nulFields(chunks) {
  /** @type {Buffer[]} */
  let begun = []
  for await (const chunk of chunks) {
    const fields = []
    let start = 0
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      const piece = chunk.subarray(start, end)
      fields.push(begun.length === 0 ? piece : Buffer.concat([...begun, piece]))
      begun = []
      start = end + 1
    }
    if (start < chunk.length) begun.push(chunk.subarray(start))
    yield fields
  }
  if (begun.length > 0) throw new Error('git stopped in the middle of a field')
}

/**
 * The output of `git ls-tree -r -z`, sorted by path bytes. (Git sorts so too; trees that other
 * programs wrote may not be.)
 * @param {Buffer} output
 * @returns {TreeEntry[]}
 */
export function parseTree(output) {
  /** @type {TreeEntry[]} */
  const entries = []
  for (let start = 0; start < output.length; ) {
    const tab = output.indexOf(9, start)
    const end = output.indexOf(0, tab)
    const text = output.toString('latin1', start, tab) // 100644 blob 0123…
    const oid = text.slice(text.lastIndexOf(' ') + 1)
    entries.push({ path: output.subarray(tab + 1, end), mode: Number.parseInt(text, 8), oid })
    start = end + 1
  }
  const ordered = entries.every((entry, i) => i === 0 || byPath(entries[i - 1], entry) < 0)
  return ordered ? entries : entries.sort(byPath)
}

/** @param {{ path: Buffer }} a @param {{ path: Buffer }} b */
const byPath = (a, b) => Buffer.compare(a.path, b.path)

/**
 * `:100644 100755 <oid> <oid> M`, the part before a path in a raw diff.
 * @param {string} text
 * @param {Buffer} path
 * @returns {Change}
 */
function parseChange(text, path) {
  const [oldMode, newMode, oldOid, newOid, status] = text.slice(text.indexOf(':') + 1).split(' ')
  return {
    path,
    status: status[0],
    oldMode: Number.parseInt(oldMode, 8),
    newMode: Number.parseInt(newMode, 8),
    oldOid,
    newOid,
  }
}

/** Distinguishes the line before a path from a commit's header; `git log` puts a newline before some.
 * @param {Buffer} field */
const isChange = field => field[0] === 58 || (field[0] === 10 && field[1] === 58)

/**
 * `git log --format` for {@link parseLog}. The last NUL is ours, for versions of git differ in the
 * bytes between a message and a diff.
 */
export const LOG_FORMAT = 'tformat:%H%x00%an%x00%ae%x00%at%x00%s%x00'
const LOG_FIELDS = 5

/**
 * The output of `git log --raw -z --format=LOG_FORMAT`.
 * @param {AsyncIterable<Buffer>} chunks
 * @returns {AsyncGenerator<Commit>}
 */
export async function* parseLog(chunks) {
  /** @type {Commit | undefined} */
  let commit
  /** @type {Buffer[]} */
  let header = []
  let change = ''
  for await (const fields of nulFields(chunks)) {
    for (const field of fields) {
      if (change !== '') {
        commit?.changes.push(parseChange(change, field))
        change = ''
      } else if (header.length === 0 && isChange(field)) change = field.toString('latin1')
      else if (header.length > 0 || field.length > 1) {
        if (header.length === 0 && commit) yield commit
        header.push(field)
        if (header.length === LOG_FIELDS) {
          commit = commitOf(header)
          header = []
        }
      }
    }
  }
  if (commit) yield commit
}

/** @param {Buffer[]} header @returns {Commit} */
function commitOf(header) {
  const [oid, author, email, seconds, subject] = header.map(field => field.toString('utf8'))
  // Old importers wrote dates that no calendar has; git prints those as nothing or as anything.
  const ms = Number(seconds) * 1000
  const date = new Date(Math.abs(ms) <= 8.64e15 ? ms : 0)
  return { oid: oid.trim(), author, email, date, subject, changes: [] }
}

/**
 * The output of `git diff-tree --stdin --always -r -z`: one array of changes for each commit
 * asked for, in that order, sorted by path bytes.
 * @param {AsyncIterable<Buffer>} chunks
 * @returns {AsyncGenerator<{ oid: string, changes: Change[] }>}
 */
export async function* parseDiffs(chunks) {
  /** @type {{ oid: string, changes: Change[] } | undefined} */
  let diff
  let change = ''
  for await (const fields of nulFields(chunks)) {
    for (const field of fields) {
      if (change !== '') {
        diff?.changes.push(parseChange(change, field))
        change = ''
      } else if (isChange(field)) change = field.toString('latin1')
      else {
        if (diff) yield inOrder(diff)
        diff = { oid: field.toString('latin1').trim(), changes: [] }
      }
    }
  }
  if (diff) yield inOrder(diff)
}

/** @template {{ changes: Change[] }} T @param {T} diff @returns {T} */
function inOrder(diff) {
  diff.changes.sort(byPath)
  return diff
}
