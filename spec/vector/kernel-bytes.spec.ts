/**
 * The WebAssembly that ships is made of its source. After a change of that `npx vitest run kernel-bytes --update` makes it
 * anew.
 */
import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import wabt from 'wabt'

const pathOf = (file: string) => fileURLToPath(new URL(`../../lib/vector/${file}`, import.meta.url))
const WIDTH = 88

it('kernel-bytes.ts has the module of kernel.wat', async () => {
  const { parseWat } = await wabt()
  const parsed = parseWat('kernel.wat', readFileSync(pathOf('kernel.wat'), 'utf8'), { simd: true })
  parsed.resolveNames()
  parsed.validate()
  const { buffer } = parsed.toBinary({})
  const text = Buffer.from(buffer).toString('base64')
  const lines = text.match(new RegExp(`.{1,${WIDTH}}`, 'g')) ?? []
  const source = [
    '/** The module made of kernel.wat, in base64. */',
    'export const KERNEL = [',
    ...lines.map(line => `  '${line}',`),
    "].join('')",
    '',
  ]
  await expect(source.join('\n')).toMatchFileSnapshot(pathOf('kernel-bytes.ts'))
})
