/**
 * VIEW as it is typed: a version, a number of versions back, `now`, a tag or a date.
 *
 *     41   -3   now   opening   2026-11-20   "2026-11-20 10:03"   10:03:05.250   2026-11-20T10:03Z
 */
import { dateIn } from './dates.js'
import type { Word } from './words.js'

/** The meaning of a word; the database knows which version that is. */
export type ViewWord =
  | { readonly is: 'now' }
  | { readonly is: 'version'; version: number }
  | { readonly is: 'back'; versions: number }
  | { readonly is: 'date'; date: Date; tag: string }
  | { readonly is: 'tag'; tag: string }

/** Texts meant as a day, as the time after it, and as a time of today; dates.ts checks that they exist. */
const DAY = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\d/
const REST = /^(?:[T ]+(\d\d?:\d\d[\d:.,]*)\s*(Z|[+-]\d\d(?::?\d\d)?)?|\s*(Z|[+-]\d\d:?\d\d))?$/i
const TIME = /^\d\d?:\d\d[\d:.,]*$/

/**
 * Reads a VIEW.
 * @param now the clock, for times without a date
 * @throws Mistake for a date that does not exist
 */
export function readView({ form, text }: Word, now: () => Date = () => new Date()): ViewWord {
  if (form !== 'quoted') {
    if (text === 'now') return { is: 'now' }
    if (/^\d+$/.test(text)) return { is: 'version', version: Number(text) }
    if (/^-\d+$/.test(text)) return { is: 'back', versions: -Number(text) }
  }
  const date = readDate(text, now)
  return date === undefined ? { is: 'tag', tag: text } : { is: 'date', date, tag: text }
}

/**
 * The date of a text; undefined if it does not look like one. Local time unless it has an offset: times
 * are shown in local time, and a shown time can be typed.
 */
function readDate(text: string, now: () => Date): Date | undefined {
  const whole = TIME.test(text) ? `${localTime(now().getTime()).slice(0, 10)} ${text}` : text
  const [day] = DAY.exec(whole) ?? []
  const rest = day === undefined ? null : REST.exec(whole.slice(day.length))
  if (rest === null) return undefined
  const [, clock = '00:00', ...offsets] = rest
  const time = clock.replace(/^(?=\d:)/, '0')
  const offset = offsets.find(offset => offset !== undefined)
  const date = dateIn(`${day}T${time}${offset ?? 'Z'}`, text)
  return offset === undefined ? local(date) : date
}

/** The moment at which local clocks show what UTC clocks show at `utc`. */
function local(utc: Date): Date {
  const date = new Date(2000, 0, 1)
  date.setFullYear(utc.getUTCFullYear(), utc.getUTCMonth(), utc.getUTCDate())
  date.setHours(
    utc.getUTCHours(),
    utc.getUTCMinutes(),
    utc.getUTCSeconds(),
    utc.getUTCMilliseconds(),
  )
  return date
}

/** A time for people: local, to the millisecond. */
export function localTime(ms: number): string {
  const date = new Date(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
