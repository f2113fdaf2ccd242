import { expect, test } from 'vitest'
import { entryWords, Workspace } from '../lib/epoch/workspace.js'
import { KeyBuffer } from '../lib/key/codec.js'
import { Allocator } from '../lib/memory/allocator.js'
import { Arena } from '../lib/memory/arena.js'
import { ALLOCATOR_AT, E_KEY, E_LENGTH, E_META } from '../lib/memory/layout.js'
import { keyBytesOf, versionOf } from '../lib/memory/words.js'
import { Cursor, countRange } from '../lib/snapshot/cursor.js'
import { TreeEditor } from '../lib/snapshot/editor.js'
import { find } from '../lib/snapshot/search.js'
import { verifyTree } from '../lib/snapshot/verify.js'

function setup() {
  const arena = new Arena(new SharedArrayBuffer(64 << 20))
  const pages = (64 << 20) / 4096
  const alloc = new Allocator(arena, ALLOCATOR_AT, 4096, pages)
  alloc.format(4 + Math.ceil(Allocator.descriptorWords(pages) / 1024))
  const ws = new Workspace(arena, alloc, () => false)
  return { arena, W: arena.words, alloc, ws, ed: new TreeEditor(arena.words, ws) }
}
function enc(s: string, k: KeyBuffer) {
  const b = Buffer.from(s, 'latin1')
  const n = (b.length + 3) >> 2
  for (let i = 0; i < n; i++) {
    let w = 0
    for (let j = 0; j < 4; j++) w = (w << 8) | (b[i * 4 + j] ?? 0)
    k.words[i] = w >>> 0
  }
  k.bytes = b.length
}
function dec(W: Uint32Array, e: number) {
  const n = keyBytesOf(W, e)
  let s = ''
  for (let i = 0; i < n; i++)
    s += String.fromCharCode((W[e + E_KEY + (i >> 2)] >>> (24 - 8 * (i & 3))) & 255)
  return s
}
for (const mode of ['random', 'sorted', 'reverse', 'nasty'])
  test('tree ' + mode, () => {
    const { W, ws, ed, alloc } = setup()
    const k = new KeyBuffer()
    const tree = { root: 0, words: 0 }
    const model = new Map<string, number>()
    let rnd = 12345
    const r = (n: number) => {
      rnd = (Math.imul(rnd, 1103515245) + 12345) & 0x7fffffff
      return (rnd >>> 8) % n
    }
    const alpha = ['', 'a', '\0', '\xff', 'abcd', '\0\0\0\0', 'longprefixlongprefixlongprefix']
    const olds: { root: number; m: Map<string, number>; v: number }[] = []
    for (let v = 1; v < 300; v++) {
      ws.begin(v)
      ed.reset()
      const ops = mode === 'nasty' ? 60 : 200
      for (let o = 0; o < ops; o++) {
        let key = ''
        if (mode === 'random') key = 'key-' + String(r(40000)).padStart(8, '0')
        else if (mode === 'sorted') key = 'key-' + String(v * 1000 + o).padStart(8, '0')
        else if (mode === 'reverse') key = 'key-' + String(1e7 - v * 1000 - o).padStart(8, '0')
        else {
          const n = r(5)
          for (let i = 0; i < n; i++) key += alpha[r(alpha.length)]
        }
        enc(key, k)
        const e = ed.locate(tree, k)
        expect(e !== 0).toBe(model.has(key))
        const del = v > 150 ? r(3) > 0 : r(4) === 0
        if (del) {
          if (e) {
            ed.remove(tree)
            model.delete(key)
          }
        } else {
          const ref = ws.allocate(entryWords(k.bytes, 0))
          W[ref] = v
          W[ref + E_META] = (k.bytes << 16) >>> 0
          W[ref + E_LENGTH] = 0
          for (let i = 0; i < (k.bytes + 3) >> 2; i++) W[ref + E_KEY + i] = k.words[i]
          if (e) ed.replace(tree, ref)
          else ed.insert(tree, ref)
          model.set(key, v)
        }
        if (mode === 'nasty' && r(10) === 0) ws.freeze()
      }
      expect(verifyTree(W, tree.root, model.size, v)).toEqual([])
      ws.finish()
      olds.push({ root: tree.root, m: new Map(model), v })
    }
    for (const o of olds.filter((_, i) => i % 20 === 0).concat(olds.at(-1)!)) {
      expect(verifyTree(W, o.root, o.m.size, o.v)).toEqual([])
      const c = new Cursor(W, o.root, { lower: null, upper: null }, false, Infinity)
      const got: string[] = []
      for (let e = c.next(); e; e = c.next()) {
        got.push(dec(W, e))
        expect(versionOf(W, e)).toBe(o.m.get(dec(W, e)))
      }
      expect(got).toEqual([...o.m.keys()].sort())
      expect(countRange(W, o.root, { lower: null, upper: null })).toBe(o.m.size)
      for (const key of o.m.keys()) {
        enc(key, k)
        expect(find(W, o.root, k.words, k.bytes)).not.toBe(0)
      }
    }
    expect(alloc.inspect(() => {})).toEqual([])
  })
