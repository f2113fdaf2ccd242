/**
 * The suite on indexes, very small: each row gives the figures that it declares, and its answers are right. Peers, which
 * are not installed here, are left out.
 */
import { describe, expect, it } from 'vitest'
import { asking, draw } from '../../perf/indexes/asking.js'
import { Answers, makeUsers, SHARING, tasteUser } from '../../perf/indexes/data.js'
import { playAll } from './suite.js'

const settings = { keys: 1000, seed: 1, sampleMs: 2, seconds: 0.02, minutes: 0.01 }

describe('the suite', () => {
  it('of zverse has all figures', async () => {
    await playAll('indexes', 'zverse', settings, (figure, name) => {
      expect(figure, name).toBeGreaterThan(0)
    })
  })
})

describe('users', () => {
  const set = makeUsers(1000, 7)
  const answers = new Answers(set.keys, set.users)

  it('are of a city by the hundred, and of an email and a score alone', () => {
    const share = new Map<string, number>()
    for (const { city } of set.users) share.set(city, (share.get(city) ?? 0) + 1)
    expect([...share.values()]).toEqual(Array(10).fill(SHARING))
    expect(new Set(set.users.map(({ email }) => email)).size).toBe(1000)
    expect(set.users.map(({ score }) => score).sort((a, b) => a - b)).toEqual([
      ...Array(1000).keys(),
    ])
    expect(makeUsers(1000, 7).users).toEqual(set.users)
  })

  it('are what answers are made of', () => {
    const sum = (some: (i: number) => boolean) =>
      set.users.reduce((all, user, i) => {
        const key = set.keys[i] as string
        return some(i) ? all + key.charCodeAt(key.length - 1) + tasteUser(user) : all
      }, 0)
    const [user] = set.users
    expect(answers.equal('Bern 0')).toBe(sum(i => set.users[i]?.city === 'Bern 0'))
    expect(answers.from(40, 100)).toBe(
      sum(i => {
        const { score } = set.users[i] as { score: number }
        return score >= 40 && score < 140
      }),
    )
    expect(answers.find(user?.email as string)).toBe(tasteUser(user as NonNullable<typeof user>))
    expect(answers.equal('nowhere')).toBe(0)
  })

  it('are asked for only where the answers are right', async () => {
    const { cities } = draw(40, set)
    const stage = { system: {} }
    const work = await asking(stage, SHARING, cities, answers.equal, answers.equal)
    for (let i = 0; i < 10; i++) expect(work.run()).toBe(1000)
    const wrong = (city: string) => answers.equal(city) + 1
    await expect(asking(stage, SHARING, cities, wrong, answers.equal)).rejects.toThrow('wrong')
  })
})
