/**
 * Money moves between accounts on several threads, and at every version all of it is there.
 *
 * `ZVERSE_SEED=n` repeats the choices of the threads (not their timing); `ZVERSE_STRESS=x` makes the
 * rounds x times as long.
 */
import { describe, expect, it } from 'vitest'
import { account, audit, differ, NAMES, TOTAL, transfer } from './accounts.js'
import { bankRound } from './bank.js'
import { firstSeed, Random } from './random.js'

const FACTOR = Number(process.env.ZVERSE_STRESS ?? 1)
const SEED = firstSeed()

const ROUNDS = [
  { writers: 1, readers: 3, ms: 400 },
  { writers: 2, readers: 2, ms: 500 },
  { writers: 4, readers: 1, ms: 400 },
  { writers: 2, readers: 2, ms: 600, kills: true },
]

describe(`bank, seed ${SEED}`, () => {
  for (const [i, round] of ROUNDS.entries()) {
    const { writers, readers, kills = false } = round
    const who = `${writers} writers, ${readers} readers${kills ? ', some killed' : ''}`
    it(`${who}: the total is the same at every version`, async () => {
      const seed = SEED + i
      const found = await bankRound({ ...round, seed, ms: round.ms * FACTOR })
      expect(found.problems, `ZVERSE_SEED=${SEED}`).toEqual([])
      expect(found.versions, 'something was written').toBeGreaterThan(0)
    })
  }
})

describe('the audit', () => {
  const share = TOTAL / NAMES.length
  const whole = () =>
    NAMES.map((name): [string, ReturnType<typeof account>] => [name, account(share, 0)])

  it('accepts what is right', () => {
    expect(audit([whole(), [], []])).toBeUndefined()
    const random = new Random(1)
    const all = new Map(whole())
    for (let i = 0; i < 500; i++) {
      const [a, b] = [random.pick(NAMES), random.pick(NAMES)]
      const moved = a === b ? undefined : transfer(all.get(a), all.get(b), random)
      if (!moved) continue
      if (moved.from) all.set(a, moved.from)
      else all.delete(a)
      all.set(b, moved.to)
      expect(audit([[...all].sort(([x], [y]) => (x < y ? -1 : 1))])).toBeUndefined()
    }
  })

  it('notices money that is missing, doubled, out of order or broken', () => {
    expect(audit([whole().slice(1)])).toContain('total')
    expect(audit([whole(), whole().slice(0, 1)])).toContain('total')
    expect(audit([whole().reverse()])).toContain('comes after')
    const doubled = whole()
    doubled.splice(1, 0, doubled[0])
    expect(audit([doubled])).toContain('comes after')
    const broken = whole()
    broken[3] = [broken[3][0], { ...account(share, 0), pad: 'x' }]
    expect(audit([broken])).toContain('broken')
  })

  it('notices a transfer of which half is there', () => {
    const half = whole()
    half[0] = [half[0][0], account(share - 1, 1)]
    expect(audit([half])).toContain('total')
    expect(differ('again', whole(), half)).toContain('again')
    expect(differ('again', whole(), whole())).toBeUndefined()
  })
})
