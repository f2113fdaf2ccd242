// @ts-check
/**
 * Users: values as an application has them. A hundred share a city; an email and a score are of one user alone, and
 * scores are all the numbers from 0 on, so that what a query has to find is known. Neither is in the order of keys, nor
 * in that of puts.
 */
import { presentKey, seeded, shuffled, texts } from '../data.js'
import { taste } from '../measure.js'

/** So many users share a city. */
export const SHARING = 100
const NAME_BYTES = 12
const PLACES = [
  'Aarhus',
  'Bern',
  'Cork',
  'Delft',
  'Essen',
  'Faro',
  'Ghent',
  'Haifa',
  'Izmir',
  'Jena',
]
const TAGS = ['admin', 'editor', 'guest', 'ops', 'sales', 'trial']

/**
 * @typedef {object} User
 * @property {string} name
 * @property {string} email
 * @property {string} city
 * @property {number} score
 * @property {string[]} tags
 * @property {number} visits
 */

/**
 * @typedef {object} Users
 * @property {string[]} keys in random order
 * @property {User[]} users as many
 * @property {string[]} cities
 * @property {(below: number) => number} random for a scenario's own draws
 */

/** @param {number} place */
const cityOf = place => `${PLACES[place % PLACES.length]} ${Math.floor(place / PLACES.length)}`

/** @param {number} number */
export const emailOf = number => `user${number}@example.org`

/**
 * @param {number} count
 * @param {number} seed
 * @returns {Users}
 */
export function makeUsers(count, seed) {
  const random = seeded(seed)
  const name = texts(NAME_BYTES, random)
  const cities = Array.from({ length: Math.ceil(count / SHARING) }, (_, place) => cityOf(place))
  const [order, places, emails, scores] = [0, 1, 2, 3].map(() => shuffled(count, random))
  const tag = () => TAGS[random(TAGS.length)]
  const users = Array.from({ length: count }, (_, i) => ({
    ...{ name: name(), email: emailOf(emails[i]), city: cities[places[i] % cities.length] },
    ...{ score: scores[i], tags: [tag(), tag()], visits: random(1000) },
  }))
  return { keys: Array.from(order, presentKey), users, cities, random }
}

/** What a user adds to an answer: all systems have to hand out all of it. @param {User} user */
export const tasteUser = ({ name, email, score, tags, visits }) =>
  taste(name) + taste(email) + score + tags.length + visits

/** The right answers: sums over what was tasted, by city, score and email. */
export class Answers {
  /** @type {Map<string, number>} */
  #users = new Map()
  /** @type {Map<string, number>} */
  #keys = new Map()
  /** @type {Map<string, number>} */
  #emails = new Map()
  /** Of all users with a score below. */
  #below

  /** @param {readonly string[]} keys @param {readonly User[]} users */
  constructor(keys, users) {
    const byScore = new Float64Array(users.length)
    users.forEach((user, i) => {
      const key = taste(keys[i])
      const value = tasteUser(user)
      this.#keys.set(user.city, (this.#keys.get(user.city) ?? 0) + key)
      this.#users.set(user.city, (this.#users.get(user.city) ?? 0) + key + value)
      this.#emails.set(user.email, value)
      byScore[user.score] = key + value
    })
    this.#below = new Float64Array(users.length + 1)
    byScore.forEach((sum, score) => {
      this.#below[score + 1] = this.#below[score] + sum
    })
  }

  /** @param {string} city */
  equal = city => this.#users.get(city) ?? 0

  /** @param {string} city */
  keysOf = city => this.#keys.get(city) ?? 0

  /** @param {number} score @param {number} limit */
  from = (score, limit) =>
    this.#below[Math.min(score + limit, this.#below.length - 1)] - this.#below[score]

  /** @param {string} email */
  find = email => this.#emails.get(email) ?? 0
}

/** Throws unless an answer is right. @param {unknown} what @param {number} sum @param {number} right */
export function expect(what, sum, right) {
  if (sum !== right) throw new Error(`wrong answer to ${what}: ${sum} instead of ${right}`)
}
