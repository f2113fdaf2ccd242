/** The pictures of the documentation are what the code draws. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('zorder.svg is what draw.js makes of the present code', async () => {
  // The script runs the built code, as its users do; its types are not worth a declaration.
  const script = new URL('../../docs/pictures/draw.js', import.meta.url).href
  const { draw, scan, PICTURE } = await import(/* @vite-ignore */ script)
  expect(draw()).toBe(readFileSync(PICTURE, 'utf8'))
  expect(scan().length).toBeGreaterThan(3)
})
