/** The prompt on a pseudo-terminal, with keys typed. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { folder } from './fixtures.js'
import { bare, hasTerminal, Terminal, zverse } from './zverse.js'

const CTRL_C = '\x03'
const CTRL_D = '\x04'
const CTRL_Z = '\x1a'
const UP = '\x1b[A'
const ESCAPE = '\x1b['

/**
 * Keys one by one, each after the one before has shown: keys that come at once count as pasted, and a
 * pasted Tab is a character.
 */
async function type(terminal: Terminal, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    const from = terminal.text.length
    terminal.keys(key)
    await terminal.until(/[\s\S]/, from)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

describe.skipIf(!hasTerminal)('on a terminal', () => {
  it('moves through time, completes, and spans lines', async () => {
    await using terminal = new Terminal(80)
    await terminal.ready()
    expect(await terminal.line('put price:42 {"amount": 10,')).toBe('')
    expect(await terminal.line('"tags": ["x"]}')).toBe('version 1')
    expect(await terminal.line('tag opening')).toBe('version 1 is opening')
    await type(terminal, 'pu', '\t', 'price:4', '\t')
    expect(await terminal.line('12')).toBe('version 2')
    await type(terminal, 'at op', '\t')
    expect(await terminal.line('')).toMatch(/^version 1, of \d{4}-/)
    expect(terminal.text).toMatch(/zverse@opening> (\S*)$/)
    await type(terminal, 'get pr', '\t')
    expect(await terminal.line('')).toBe('{"amount":10,"tags":["x"]}')
    expect(await terminal.line('put a 1')).toMatch(/^error: the prompt is at opening/)
    await type(terminal, 'get price:42 --a', '\t', 'n', '\t')
    expect(await terminal.line('')).toBe('12')
    await terminal.line('now')
    expect(await terminal.line('begin')).toBe('')
    expect(terminal.text).toMatch(/zverse\*> \S*$/)
    terminal.keys(CTRL_D)
    expect(await terminal.ended).toBe(0)
    expect(terminal.text).toMatch(/the open transaction is aborted\r\n$/)
  })

  it('completes names with spaces in quotes', async () => {
    await using terminal = new Terminal(80)
    await terminal.ready()
    await terminal.line('put "my key" 1')
    await terminal.line("tag 'my tag'")
    await type(terminal, 'get my', '\t', '--at=m', '\t')
    expect(await terminal.line('')).toBe('1')
    await type(terminal, "get 'my k", '\t', '--at "my ', '\t')
    expect(await terminal.line('')).toBe('1')
    expect(terminal.text).toMatch(/get "my key" --at="my tag" /)
  })

  it('writes its file when the terminal is closed', async () => {
    using place = folder()
    const file = join(place.path, 'f.jsonl')
    await using terminal = new Terminal(80, {}, `--to ${file}`)
    await terminal.ready()
    await terminal.line('put a 1')
    // The terminal goes away, and those that are on it are hung up.
    await terminal[Symbol.asyncDispose]()
    while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 50))
    expect(readFileSync(file, 'utf8')).toMatch(/"key":"a","value":1\}\n\{"type":"end"\}\n$/)
  })

  it('says in which directory it is, and closes it when the terminal is closed', async () => {
    using place = folder()
    const path = join(place.path, 'shop')
    {
      await using terminal = new Terminal(80, {}, `${path} --create`)
      expect(await terminal.ready()).toMatch(/^a new database in .*\/shop\s+zverse shop> $/)
      expect(await terminal.line('put a 1')).toBe('version 1')
      expect(await terminal.line('flush')).toBe('version 1 is durable')
      await terminal.line('store users')
      expect(bare(terminal.text)).toMatch(/zverse shop:users> $/)
      terminal.keys(CTRL_D)
      expect(await terminal.ended).toBe(0)
    }
    await using terminal = new Terminal(80, {}, path)
    expect(await terminal.ready()).toMatch(/\/shop: version 2, 1 key\s+zverse shop> $/)
    await terminal.line('put a 2')
    await terminal[Symbol.asyncDispose]()
    // A lock that was given back is empty.
    const lock = () =>
      readdirSync(path)
        .filter(name => name.startsWith('lock'))
        .at(-1) as string
    while (statSync(join(path, lock())).size > 0) await new Promise(r => setTimeout(r, 50))
    expect(zverse(['get', 'a', '--from', path]).out).toBe('2\n')
  })

  it('goes on after Ctrl-Z and fg', async () => {
    await using terminal = new Terminal(80)
    await terminal.ready()
    // There is no shell here that would say fg.
    const later = 'setInterval(() => process.kill(process.pid, "SIGCONT"), 100)'
    await terminal.line(`update a '() => { ${later}.unref(); return 1 }'`)
    const from = terminal.text.length
    terminal.keys(CTRL_Z)
    await terminal.until(/zverse> $/, from)
    expect(await terminal.line('get a')).toBe('1')
  })

  it('prints all of what commands in a file ask for', async () => {
    using place = folder()
    const file = join(place.path, 'commands')
    const puts = Array.from({ length: 50 }, (_, i) => `put key${i} ${i}`)
    writeFileSync(file, `batch ${puts.join('; ')}\nkeys\n`)
    await using terminal = new Terminal(80, {}, `< ${file}`)
    expect(await terminal.ended).toBe(0)
    expect(bare(terminal.text).match(/^key\d+\r$/gm)).toHaveLength(50)
  })

  it('does not read data from the keyboard', async () => {
    await using terminal = new Terminal(80)
    await terminal.ready()
    expect(await terminal.line('load - --key id')).toMatch(
      /^error: standard input has the commands\n/,
    )
    expect(await terminal.line('count')).toBe('0')
  })

  it('shows nothing of its history that a terminal would act on', async () => {
    using place = folder()
    const file = join(place.path, 'history')
    writeFileSync(file, 'count\nget \x1b[31mred\n')
    await using terminal = new Terminal(80, { ZVERSE_HISTORY: file })
    await terminal.ready()
    await type(terminal, UP)
    expect(await terminal.line('')).toBe('0')
  })

  it('Ctrl-C clears a line, leaves a half-typed command, stops an output', async () => {
    using place = folder()
    const file = join(place.path, 'rows.jsonl')
    writeFileSync(file, Array.from({ length: 100_000 }, (_, i) => `{"id":${i}}\n`).join(''))
    await using terminal = new Terminal(80)
    await terminal.ready()
    await terminal.line(`load ${file} --key id`)
    await type(terminal, 'nonsense')
    await terminal.interrupt()
    expect(await terminal.line('put a [1,')).toBe('')
    await terminal.interrupt()
    expect(await terminal.line('count')).toBe('100000')
    await terminal.line('limit off')
    const from = terminal.text.length
    terminal.keys('range\r')
    await terminal.until(/"id":/, from)
    terminal.keys(CTRL_C)
    const shown = await terminal.until(/error: stopped\r?\n.*> $/, from)
    expect(shown.split('\n').length).toBeLessThan(90_000)
    expect(await terminal.line('count')).toBe('100000')
  })

  it('pages, cuts to the width, and shows the whole', async () => {
    await using terminal = new Terminal(40)
    await terminal.ready()
    const long = 'Zürich 東京 👩‍👩‍👧 '.repeat(8)
    await terminal.line(
      `batch ${Array.from({ length: 25 }, (_, i) => `put key${i + 10} ${i}`).join('; ')}`,
    )
    await terminal.line(`put a {"text": "${long}", "bell": "\\u0007\\u001b[31m"}`)
    const page = await terminal.line('range')
    expect(page).toMatch(/^key +value\n/)
    expect(page).toMatch(/\n… Enter or `more` goes on$/)
    const lines = page.split('\n')
    expect(lines).toHaveLength(22)
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(40)
    expect(lines[1]).toMatch(/…$/)
    const rest = await terminal.line('')
    expect(rest.split('\n')).toHaveLength(7)
    await terminal.line('limit 1')
    await terminal.line('range')
    const whole = await terminal.line('show')
    expect(whole).toContain(long)
    expect(whole).toContain('\\u0007\\u001b[31m')
    expect(terminal.text).not.toContain('\x07')
  })

  it('remembers what was typed, from one session to the next', async () => {
    using place = folder()
    const path = join(place.path, 'deep', 'history')
    const env = { ZVERSE_HISTORY: path }
    {
      await using terminal = new Terminal(80, env)
      await terminal.ready()
      await terminal.line('put a [1,')
      await terminal.line('2]')
      await terminal.line("put b 'x")
      await terminal.line("y'")
      terminal.keys('exit\r')
      expect(await terminal.ended).toBe(0)
    }
    expect(readFileSync(path, 'utf8')).toBe('put a [1, 2]\nput b "x\\ny"\nexit\n')
    await using terminal = new Terminal(80, env)
    await terminal.ready()
    await type(terminal, UP, UP)
    expect(await terminal.line('')).toBe('version 1')
    expect(await terminal.line('get b')).toBe('"x\\ny"')
    await type(terminal, UP, UP, UP, UP)
    expect(await terminal.line('')).toBe('version 2')
    expect(await terminal.line('get a')).toBe('[1,2]')
  })

  it.each([
    [{}, true],
    [{ NO_COLOR: '1' }, false],
    [{ NO_COLOR: '' }, true],
    [{ TERM: 'dumb' }, false],
  ])('colours with %j: %s', async (env, expected) => {
    await using terminal = new Terminal(80, env)
    await terminal.ready()
    await terminal.line('put a 1')
    const from = terminal.text.length
    await terminal.line('range')
    expect(terminal.text.slice(from).includes(`${ESCAPE}36m`)).toBe(expected)
  })

  it('says that JSON in quotes is a string', async () => {
    await using terminal = new Terminal(80)
    await terminal.ready()
    const said = await terminal.line(`put a '{"x": 1}'`)
    expect(said).toBe('version 1 (a string: without quotes it would be JSON)')
  })

  it('tells the time that commands take, when asked', async () => {
    await using terminal = new Terminal(80)
    await terminal.ready()
    await terminal.line('timing on')
    expect(await terminal.line('count')).toMatch(/^0\ntime: [\d.]+ (µs|ms)$/)
  })

  it('a terminal that does not know its size counts as 80 columns wide', async () => {
    await using terminal = new Terminal(0)
    await terminal.ready()
    await terminal.line('put a 1')
    expect(await terminal.line('get a')).toBe('1')
    expect(await terminal.line('range')).toBe('key  value\na    1')
  })

  it('takes lines that are typed ahead, in their order', async () => {
    await using terminal = new Terminal(80)
    terminal.keys('put a 1\rput a 2\rget a --at 1\rexit\r')
    expect(await terminal.ended).toBe(0)
    expect(terminal.text.replace(/.*> .*/g, '').match(/version \d|^\d/gm)).toEqual([
      'version 1',
      'version 2',
      '1',
    ])
  })
})
