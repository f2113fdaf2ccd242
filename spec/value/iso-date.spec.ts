/**
 * Dates as text: each Date reads back, text that is no date by ISO 8601 is refused, in every time zone alike.
 */
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { fromJson, toJson } from '../../lib/index.js'
import { isoDate } from '../../lib/value/iso-date.js'

const MOST = 8.64e15
const ms = fc.oneof(
  fc.integer({ min: -MOST, max: MOST }),
  fc.integer({ min: -2e12, max: 4e12 }),
  fc.constantFrom(-MOST, MOST, 0, -1, Date.UTC(2024, 1, 29), -62_167_219_200_000),
)
const ZONES = ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia']
const HOME = process.env.TZ

/** The time of the text by ISO 8601. */
const TAKEN: [text: string, iso: string][] = [
  ['2026-11-20', '2026-11-20T00:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['0000-02-29', '0000-02-29T00:00:00.000Z'],
  ['0050-01-01', '0050-01-01T00:00:00.000Z'],
  ['2026-11-20T10:03', '2026-11-20T10:03:00.000Z'],
  ['2026-11-20 10:03:05', '2026-11-20T10:03:05.000Z'],
  ['2026-11-20t10:03:05z', '2026-11-20T10:03:05.000Z'],
  ['2026-11-20T10:03:05.5Z', '2026-11-20T10:03:05.500Z'],
  ['2026-11-20T10:03:05,25Z', '2026-11-20T10:03:05.250Z'],
  ['2026-11-20T10:03:05.123999Z', '2026-11-20T10:03:05.123Z'],
  ['1969-12-31T23:59:59.999999999Z', '1969-12-31T23:59:59.999Z'],
  ['2026-11-20T10:03+01:00', '2026-11-20T09:03:00.000Z'],
  ['2026-11-20T10:03-0230', '2026-11-20T12:33:00.000Z'],
  ['2026-11-20 10:03:05 -02', '2026-11-20T12:03:05.000Z'],
  ['2026-11-20T10:03-00:30', '2026-11-20T10:33:00.000Z'],
  ['2026-01-01T00:00+23:59', '2025-12-31T00:01:00.000Z'],
  ['+012026-01-01', '+012026-01-01T00:00:00.000Z'],
  ['-000001-12-31T23:59Z', '-000001-12-31T23:59:00.000Z'],
  ['-271821-04-19T23:00-02:00', '-271821-04-20T01:00:00.000Z'],
]

const REFUSED = [
  ...['', '5', '2013', '2013-05', 'foo 3', 'yesterday', 'now', '1/2/2026', 'Nov 20 2026'],
  ...['2026-02-30', '2025-02-29', '1900-02-29', '2026-00-10', '2026-13-01', '2026-11-00'],
  ...['2026-11-31', '20261120', '2026-W47-5', '2026-324', '26-11-20', '2026-1-2', '2026/11/20'],
  ...[' 2026-11-20', '2026-11-20 ', '2026-11-20\n', '2026-11-20Z', '2026-11-20+01:00'],
  ...['2026-11-20T', '2026-11-20T10', '2026-11-20T10Z', '2026-11-20T1003', '2026-11-20T9:03'],
  ...['2026-11-20T24:00', '2026-11-20T24:00:00Z', '2026-11-20T25:00Z', '2026-11-20T10:60Z'],
  ...['2026-12-31T23:59:60Z', '2026-11-20T10:03:05.Z', '2026-11-20T10:03:05.1234567890Z'],
  ...['2026-11-20T10:03.5Z', '2026-11-20T10:03+24:00', '2026-11-20T10:03+99:99'],
  ...['2026-11-20T10:03+10:60', '2026-11-20T10:03+1:00', '2026-11-20T10:03ZZ'],
  ...['2026-11-20T10:03 UTC', '2026-11-20T10:03 GMT+1', '2026-11-20T10:03:05Z foo'],
  ...['-000000-01-01', '+26-11-20', '12026-01-01', '+275760-09-13T00:00:00.001Z'],
  ...['+275760-09-13T00:00-00:01', '-271821-04-20T00:00+00:01', '+999999-01-01'],
  ...['２０２６-11-20', '2026–11–20', '2026-11-20T10:03:05.٣Z'],
]

afterEach(() => {
  if (HOME === undefined) delete process.env.TZ
  else process.env.TZ = HOME
})

describe.each(ZONES)('in %s', zone => {
  it.each(TAKEN)('%j is taken', (text, iso) => {
    process.env.TZ = zone
    expect(isoDate(text).toISOString()).toBe(iso)
    expect(fromJson(`{"$date":${JSON.stringify(text)}}`)).toEqual(new Date(iso))
  })

  it('what is no date is refused', () => {
    process.env.TZ = zone
    for (const text of REFUSED) {
      expect(() => isoDate(text), text).toThrow(RangeError)
      expect(() => fromJson(`[{"$date":${JSON.stringify(text)}}]`), text).toThrow(
        expect.objectContaining({ code: 'ZVERSE_INVALID_VALUE' }),
      )
    }
  })
})

it('every Date comes back', () => {
  fc.assert(
    fc.property(ms, ms => {
      const date = new Date(ms)
      expect(isoDate(date.toISOString()).getTime()).toBe(ms)
      expect(fromJson(toJson({ date }))).toEqual({ date })
    }),
    { numRuns: 1000 },
  )
})

it('with an offset it is as long before or after', () => {
  const part = (max: number) => fc.integer({ min: 0, max })
  fc.assert(
    fc.property(ms, fc.constantFrom('+', '-'), part(23), part(59), (ms, sign, hours, minutes) => {
      const two = (n: number) => String(n).padStart(2, '0')
      const text = `${new Date(ms).toISOString().slice(0, -1)}${sign}${two(hours)}:${two(minutes)}`
      const off = (hours * 60 + minutes) * 60_000
      const meant = sign === '+' ? ms - off : ms + off
      if (Math.abs(meant) > MOST) expect(() => isoDate(text)).toThrow('reach that far')
      else expect(isoDate(text).getTime()).toBe(meant)
    }),
    { numRuns: 1000 },
  )
})

it('a day is there, or is refused: none becomes another', () => {
  const digits = (n: number, length: number) => String(n).padStart(length, '0')
  const number = (max: number) => fc.integer({ min: 0, max })
  fc.assert(
    fc.property(number(9999), number(14), number(33), number(26), number(62), (...fields) => {
      const [year, month, day, hour, minute] = fields
      const date = `${digits(year, 4)}-${digits(month, 2)}-${digits(day, 2)}`
      const text = `${date}T${digits(hour, 2)}:${digits(minute, 2)}`
      let said: string | undefined
      try {
        said = isoDate(text).toISOString()
      } catch {
        said = undefined
      }
      const isThere = !Number.isNaN(Date.parse(`${text}:00Z`)) && hour < 24
      // The host's parser takes the 31st of every month.
      const isReal = isThere && new Date(`${date}T00:00Z`).toISOString().startsWith(date)
      expect(said).toBe(isReal ? `${text}:00.000Z` : undefined)
    }),
    { numRuns: 2000 },
  )
})

it('what is near a date and none is refused, or is what it says', () => {
  const near = fc
    .tuple(ms, fc.nat(30), fc.constantFrom(...'0359-+:.TZ ,/x'), fc.nat(2))
    .map(([ms, at, wrong, how]) => {
      const text = new Date(ms).toISOString()
      const [before, after] = [text.slice(0, at), text.slice(at + (how === 0 ? 0 : 1))]
      return before + (how === 2 ? '' : wrong) + after
    })
  fc.assert(
    fc.property(near, text => {
      let date: Date
      try {
        date = isoDate(text)
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError)
        return
      }
      // Accepted text means the same to the host, which reads strict text correctly.
      const [, day, time, offset = 'Z'] =
        /^(.{10}|[+-].{12})(?:[T ](.*?))?(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text) ?? []
      const [, clock = '', second = ':00', fraction = ''] =
        /^(\d\d:\d\d)(:\d\d)?(?:[.,](\d+))?/.exec(time ?? '00:00') ?? []
      const zone = offset.trim().replace(/^([+-]\d\d):?(\d\d)?$/, (_, h, m = '00') => `${h}:${m}`)
      const strict = `${day}T${clock}${second}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`
      expect(date.getTime(), text).toBe(Date.parse(strict))
    }),
    { numRuns: 2000 },
  )
})

describe('numbers', () => {
  it.each([
    '1e999',
    '[1e400]',
    '{"a":[-1e309]}',
    '{"$map":[[1,1e999]]}',
    '{"$object":{"$a":1e999}}',
  ])('%s would be infinite, and is refused', text => {
    expect(() => fromJson(text)).toThrow(
      expect.objectContaining({
        code: 'ZVERSE_INVALID_VALUE',
        message: expect.stringContaining('{"$number":"Infinity"}'),
      }),
    )
  })

  it('that are as large as they may be are taken', () => {
    expect(fromJson('[1.7976931348623157e308,-0,1e-400]')).toEqual([Number.MAX_VALUE, -0, 0])
  })
})
