/** Where output goes: files that are links, pipes, protected or absent; outputs that end early. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  readdirSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder } from './fixtures.js'
import { ENV, shell, zverse } from './zverse.js'

/** A folder with a dump in it. */
function withDump() {
  const place = folder()
  zverse(['--to', 'f.jsonl'], 'put a 1', place.path)
  return place
}

/** They print more than a pipe takes. */
const LONG = 'long '.repeat(40).trim()
const PUTS = Array.from({ length: 2000 }, (_, i) => `put key${i} "${LONG}"\nget key${i}\n`).join('')

describe('a file that is written', () => {
  it('stays the link that it is, with its permissions', () => {
    using place = withDump()
    const file = join(place.path, 'f.jsonl')
    chmodSync(file, 0o600)
    symlinkSync('f.jsonl', join(place.path, 'link'))
    expect(zverse(['put', 'b', '2', '--from', 'link', '--to', 'link'], '', place.path).code).toBe(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(zverse(['count', '--from', 'f.jsonl'], '', place.path).out).toBe('2\n')
    expect(shell('readlink link', place.path).out).toBe('f.jsonl\n')
  })

  it('may be a pipe: it is written to, not replaced', () => {
    using place = withDump()
    const { out } = shell(
      'mkfifo p; cat p > got & zverse dump p --from f.jsonl; wait; test -p p && tail -n 1 got',
      place.path,
    )
    expect(out).toBe('3\n{"type":"end"}\n')
  })

  it('- is the output of dump, and no name of a file', () => {
    using place = withDump()
    const { out, code } = zverse(['dump', '-', '--from', 'f.jsonl'], '', place.path)
    expect(out).toMatch(/\{"type":"end"\}\n$/)
    expect(code).toBe(0)
    expect(zverse(['put', 'a', '1', '--to', '-'], '', place.path).err).toBe(
      'zverse: --to needs a file\n  `dump` prints\n',
    )
    expect(existsSync(join(place.path, '-'))).toBe(false)
  })

  it('is looked at before there is anything to lose', () => {
    using place = withDump()
    for (const [to, says] of [
      ['no/f.jsonl', 'no/f.jsonl: there is no directory no'],
      ['.', '. has no database, but 1 other file\n  `zverse . --create` makes one there'],
    ]) {
      // Nothing is read from the input.
      const { out, err, code } = zverse(['--to', to], 'put a 1', place.path)
      expect({ out, err, code }).toEqual({ out: '', err: `zverse: ${says}\n`, code: 1 })
    }
  })

  it('is written though nobody reads the output', () => {
    using place = folder()
    writeFileSync(join(place.path, 'in'), PUTS)
    const { out } = shell('zverse --to f.jsonl < in | head -n 1; echo "$PIPESTATUS"', place.path)
    expect(out).toBe('1\n0\n')
    expect(zverse(['count', '--from', 'f.jsonl'], '', place.path).out).toBe('2000\n')
  })

  it('is whole or not there when the process is ended', async () => {
    using place = folder()
    const puts = Array.from({ length: 20_000 }, (_, i) => `put key${i} ${i}`).join('; ')
    zverse(['--to', 'f.jsonl'], `batch ${puts}`, place.path)
    const args = [resolve('dist/cli/main.js'), 'put', 'a', '1', '--from', 'f.jsonl', '--to', 't']
    const seen = watch(place.path)
    const child = spawn(process.execPath, args, { cwd: place.path, env: ENV, stdio: 'ignore' })
    const ended = new Promise(resolve => child.on('close', (_, signal) => resolve(signal)))
    // The output is first written under another name.
    while (readdirSync(place.path).length === 1 && child.exitCode === null)
      await Promise.race([once(seen, 'change'), ended])
    seen.close()
    child.kill('SIGTERM')
    expect(await ended).toBe('SIGTERM')
    expect(readdirSync(place.path)).toEqual(['f.jsonl'])
  })

  it('is not written after a command that failed, which is said; with --keep-going it is', () => {
    using place = withDump()
    const input = 'put b 2\nnonsense\nput c 3'
    const { err, code } = zverse(['--from', 'f.jsonl', '--to', 'f.jsonl'], input, place.path)
    expect(err).toMatch(/zverse: f.jsonl is not written: a command failed\n$/)
    expect(code).toBe(1)
    const options = ['--from', 'f.jsonl', '--to', 'f.jsonl', '--keep-going']
    expect(zverse(options, input, place.path).code).toBe(1)
    expect(zverse(['count', '--from', 'f.jsonl'], '', place.path).out).toBe('3\n')
  })
})

describe('what is read', () => {
  it('may be a pipe', () => {
    using place = withDump()
    expect(shell('zverse get a --from - < f.jsonl', place.path).out).toBe('1\n')
    expect(shell('zverse get a --from <(cat f.jsonl)', place.path).out).toBe('1\n')
  })

  it('is no command, but may be meant to be opened', () => {
    using place = withDump()
    expect(zverse(['f.jsonl'], '', place.path).err).toBe(
      'zverse: there is no command f.jsonl, but a file\n  open a dump with: zverse --from f.jsonl\n',
    )
  })

  it('keeps its codecs: others that were asked for are not passed over in silence', () => {
    using place = withDump()
    const args = ['load', 'f.jsonl', '--keys', 'tuple', '--to', 't.jsonl']
    const message = 'f.jsonl has keys of codec string, not tuple\n'
    expect(zverse(args, '', place.path).err).toBe(
      `zverse: ${message}  leave out --keys, or say \`keys-as string\` first\n`,
    )
    expect(zverse([], 'values-as json\nload f.jsonl', place.path).err).toMatch(
      /f.jsonl has values of codec msgpack, not json\n/,
    )
  })

  it('is no directory', () => {
    using place = folder()
    const args = ['load', '.', '--key', 'a', '--to', 'f.jsonl']
    expect(zverse(args, '', place.path).err).toBe('zverse: .: this is a directory\n')
  })
})

describe.skipIf(!existsSync('/dev/full'))('an output that is full', () => {
  it('is told in a line', () => {
    using place = withDump()
    for (const line of ['zverse keys --from f.jsonl', 'echo put a 1 | zverse']) {
      const { err, code } = shell(`${line} > /dev/full`, place.path)
      expect(err).toBe('zverse: the output cannot be written: the disk is full\n')
      expect(code).toBe(1)
    }
  })
})
