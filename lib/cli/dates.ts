/**
 * Dates as they are typed, or stand in files, where a key has one: by ISO 8601, and UTC where they do not
 * say else. The reader is that of `{"$date":"…"}`, so that both mean the same.
 */
import { fromJson } from '../index.js'
import { Mistake, shorten } from './words.js'

/**
 * The Date that a text is.
 * @param typed what was typed, where that is another text
 * @throws Mistake that tells what is wrong with it
 */
export function dateIn(text: string, typed = text): Date {
  try {
    return fromJson(JSON.stringify({ $date: text })) as Date
  } catch (error) {
    const { message } = (error as { cause: Error }).cause
    throw new Mistake(`${shorten(typed)} is no date: ${message}`)
  }
}
