/**
 * VIEW as it is typed: a version, how many versions back, `now`, a tag or a date.
 *
 *     41   -3   now   opening   2026-11-20   "2026-11-20 10:03"   10:03:05.250   2026-11-20T10:03Z
 */
import { Mistake, type Word } from './words.js'

/** What a word says; which version that is, only the database knows. */
export type ViewWord =
  | { readonly is: 'now' }
  | { readonly is: 'version'; version: number }
  | { readonly is: 'back'; versions: number }
  | { readonly is: 'date'; date: Date; tag: string }
  | { readonly is: 'tag'; tag: string }

const DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,3}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i
const TIME = /^(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,3}))?)?$/

/**
 * Reads a VIEW.
 * @param now what day it is, for times without a date
 * @throws Mistake for a date that is none
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

/** The date that a text is; undefined if it does not look like one. Local time unless it says else. */
export function readDate(text: string, now: () => Date): Date | undefined {
  const whole = DATE.exec(text)
  const time = whole === null ? TIME.exec(text) : null
  if (whole === null && time === null) return undefined
  const today = now()
  const [year, month, day] =
    whole === null
      ? [today.getFullYear(), today.getMonth() + 1, today.getDate()]
      : whole.slice(1, 4).map(Number)
  const [hour, minute, second] = (whole?.slice(4, 7) ?? time?.slice(1, 4) ?? []).map(n => +(n ?? 0))
  const ms = +((whole?.[7] ?? time?.[4] ?? '0') as string).padEnd(3, '0')
  const zone = whole?.[8]
  const utc = Date.UTC(year, month - 1, day, hour, minute, second, ms)
  const check = new Date(utc)
  const isReal =
    check.getUTCMonth() === month - 1 && check.getUTCDate() === day && hour < 24 && minute < 60
  if (!isReal || second > 59) throw new Mistake(`${text} is no date: there is no such day or time`)
  if (zone === undefined) return new Date(year, month - 1, day, hour, minute, second, ms)
  return new Date(utc - offset(zone))
}

/** The offset of a time zone in ms. */
function offset(zone: string): number {
  if (/z/i.test(zone)) return 0
  const [, sign, hours, minutes] = /([+-])(\d\d):?(\d\d)/.exec(zone) as RegExpExecArray
  const ms = (Number(hours) * 60 + Number(minutes)) * 60_000
  return sign === '-' ? -ms : ms
}

/** A time for people: local, to the millisecond. */
export function localTime(ms: number): string {
  const date = new Date(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
