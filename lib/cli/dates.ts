/**
 * Dates in keys, typed or in files: by ISO 8601, and UTC if they have no offset. The reader
 * is that of `{"$date":"…"}`, so that both mean the same.
 */
import { fromJson } from '../index.js'
import { Mistake, shorten } from './words.js'

/**
 * The Date of a text.
 * @param typed the typed text, if that is another one
 * @throws Mistake that says what is wrong with it
 */
export function dateIn(text: string, typed = text): Date {
  try {
    return fromJson(JSON.stringify({ $date: text })) as Date
  } catch (error) {
    const { message } = (error as { cause: Error }).cause
    throw new Mistake(`${shorten(typed)} is no date: ${message}`)
  }
}
