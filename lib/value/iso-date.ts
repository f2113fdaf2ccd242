/**
 * Dates as text, by ISO 8601 and nothing else: the host's parser reads other texts differently, by
 * host and time zone.
 *
 *     2026-11-20                     midnight UTC
 *     2026-11-20T10:03               UTC where no offset is given; a space may stand for the T
 *     2026-11-20T10:03:05.250Z       digits beyond milliseconds, up to nine, are left out
 *     2026-11-20T10:03:05+01:00      also +0100 and +01, up to 23:59
 *     -000044-03-15                  years before 0 and after 9999 with a sign and six digits
 *
 * Days, times and offsets that do not exist are refused; so are 24:00 and leap seconds, which Dates do not
 * have, and years or months alone. Any thread; no state.
 */

const DAY = /^(\d{4}|[+-]\d{6})-(\d\d)-(\d\d)/
const TIME = /^[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?([Zz]|[+-]\d\d(?::?\d\d)?))?$/

/** Years after which the calendar repeats, to the day of the week, and ms that they take. */
const CYCLE = 400
const CYCLE_MS = 146_097 * 86_400_000
const MINUTE_MS = 60_000

/**
 * The Date of a text.
 * @throws RangeError whose message says what is wrong, as the end of a sentence
 */
export function isoDate(text: string): Date {
  const [written, year, month, day] = DAY.exec(text) ?? ['', '', '', '']
  const rest = text.slice(written.length)
  const time = rest === '' ? [] : TIME.exec(rest)
  if (written === '' || year === '-000000' || time === null) {
    throw new RangeError('dates are written 2026-11-20 or 2026-11-20T10:03:05.250Z')
  }
  const [, hour = '0', minute = '0', second = '0', fraction = '', offset = 'Z'] = time
  const ms = fraction.slice(0, 3).padEnd(3, '0')
  return dateOf([year, month, day, hour, minute, second, ms].map(Number), offset)
}

function dateOf([year, month, day, hour, minute, second, ms]: number[], offset: string): Date {
  const cycles = Math.floor(year / CYCLE)
  // In years that every calendar function takes unchanged: some add 1900 to years below 100.
  const moved = 5 * CYCLE + (year - cycles * CYCLE)
  const last = new Date(Date.UTC(moved, month, 0)).getUTCDate()
  const isReal = month >= 1 && month <= 12 && day >= 1 && day <= last
  if (!isReal || hour > 23 || minute > 59 || second > 59) {
    throw new RangeError('there is no such day or time')
  }
  const utc = Date.UTC(moved, month - 1, day, hour, minute, second, ms) - offsetIn(offset)
  const date = new Date(utc + (cycles - 5) * CYCLE_MS)
  if (Number.isNaN(date.getTime())) throw new RangeError('Dates do not reach that far')
  return date
}

/** The offset of a time zone in ms. */
function offsetIn(zone: string): number {
  const [, sign, hours, minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? []
  if (sign === undefined) return 0
  if (Number(hours) > 23 || Number(minutes) > 59) throw new RangeError('there is no such offset')
  return Number(`${sign}${Number(hours) * 60 + Number(minutes)}`) * MINUTE_MS
}
