/** The code draws exactly the pictures of the documentation. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { faultsOf } from '../support/svg.js'

it('zorder.svg is what draw.js makes of the present code', async () => {
  // The script runs the built code, as its users do; its types are not worth a declaration.
  const script = new URL('../../docs/pictures/draw.js', import.meta.url).href
  const { draw, scan, PICTURE } = await import(/* @vite-ignore */ script)
  expect(draw()).toBe(readFileSync(PICTURE, 'utf8'))
  expect(scan().length).toBeGreaterThan(3)
})

it('every picture is seen without CSS, and has a dark form for all that is coloured', () => {
  const folder = new URL('../../docs/pictures/', import.meta.url)
  const names = readdirSync(folder).filter(name => name.endsWith('.svg'))
  expect(names.length).toBeGreaterThan(7)
  for (const name of names) {
    expect(faultsOf(readFileSync(new URL(name, folder), 'utf8')), name).toEqual([])
  }
})
