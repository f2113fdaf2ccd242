/** VIEW as it is typed; dates in local time and with offsets. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { localTime, readView } from '../../lib/cli/views.js'

const SEED = Number(process.env.ZVERSE_SEED ?? Math.floor(Math.random() * 2 ** 31))
const NOON = new Date(2026, 10, 20, 12)
const view = (text: string, form: 'bare' | 'quoted' = 'bare') => {
  return readView({ is: 'word', form, text }, () => NOON)
}

describe('a view', () => {
  it.each([
    ['now', { is: 'now' }],
    ['41', { is: 'version', version: 41 }],
    ['0', { is: 'version', version: 0 }],
    ['-3', { is: 'back', versions: 3 }],
    ['opening', { is: 'tag', tag: 'opening' }],
    ['v1.2', { is: 'tag', tag: 'v1.2' }],
    ['', { is: 'tag', tag: '' }],
  ])('%j', (text, said) => {
    expect(view(text)).toEqual(said)
  })

  it('a quoted word is a tag even where it looks like something else', () => {
    expect(view('now', 'quoted')).toEqual({ is: 'tag', tag: 'now' })
    expect(view('-1', 'quoted')).toEqual({ is: 'tag', tag: '-1' })
  })

  it.each([
    ['2026-11-20', new Date(2026, 10, 20)],
    ['2026-11-20 10:03', new Date(2026, 10, 20, 10, 3)],
    ['2026-11-20T10:03:05', new Date(2026, 10, 20, 10, 3, 5)],
    ['2026-11-20 10:03:05.25', new Date(2026, 10, 20, 10, 3, 5, 250)],
    ['2026-11-20T10:03Z', new Date('2026-11-20T10:03:00Z')],
    ['2026-11-20 10:03:05.007+01:00', new Date('2026-11-20T09:03:05.007Z')],
    ['2026-11-20 10:03 -0230', new Date('2026-11-20T12:33:00Z')],
    ['10:03', new Date(2026, 10, 20, 10, 3)],
    ['9:03:01', new Date(2026, 10, 20, 9, 3, 1)],
  ])('%j', (text, date) => {
    for (const form of ['bare', 'quoted'] as const) {
      expect(view(text, form)).toEqual({ is: 'date', date, tag: text })
    }
  })

  it.each(['2026-02-30', '2026-13-01', '2026-11-20 24:00', '10:60', '2026-11-20 10:03:60'])(
    'there is no %s',
    text => {
      expect(() => view(text)).toThrow('there is no such day or time')
    },
  )

  it('a time that is shown can be typed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), ms => {
        const shown = localTime(ms)
        const said = view(shown, 'quoted')
        if (said.is !== 'date') throw new Error(shown)
        // In the hour that summer's end repeats, a local time means two moments.
        expect(localTime(said.date.getTime())).toBe(shown)
      }),
      { seed: SEED },
    )
  })
})
