/** Queries at the prompt: by words and as JSON, in an order, and how they are answered. */
import { describe, expect, it } from 'vitest'
import { keysOf, Prompt, people } from './saying.js'

describe.each(['msgpack', 'json'])('of values of codec %s', values => {
  it('a query by words and by JSON, with an index and without', async () => {
    using prompt = await people(values)
    const both = async (words: string, json: string) => {
      const found = await prompt.say(`where ${words}`)
      expect(await prompt.say(`where ${json}`)).toEqual(found)
      return keysOf(found)
    }
    for (const indexes of ['', 'index of of; index age age; index tag tags --multi']) {
      await prompt.say(indexes)
      expect(await both('of = Bern age >= 35', '{"of": "Bern", "age": {"gte": 35}}')).toEqual([
        'bob',
      ])
      expect(await both('age > 30 age < 50', '{"age": {"gt": 30, "lt": 50}}')).toEqual(['bob'])
      expect(await both('tags has a', '{"tags": {"has": "a"}}')).toEqual(['ann'])
      expect(await both('of prefix B', '{"of": {"prefix": "B"}}')).toEqual(['ann', 'bob'])
      expect(await both('of != Bern', '{"of": {"ne": "Bern"}}')).toEqual(['cid'])
      expect(await both('age in [30,50]', '{"age": {"in": [30, 50]}}')).toEqual(['ann', 'cid'])
      expect(
        await both('zip absent true age lte 40', '{"zip": {"absent": true}, "age": {"lte": 40}}'),
      ).toEqual(['ann', 'bob'])
      expect(
        await both('at box [[8,null],[9,null]]', '{"at": {"box": [[8,null],[9,null]]}}'),
      ).toEqual(['bob', 'cid'])
      const either = 'where {"or": [{"of": "Zug"}, {"age": 30}], "not": {"tags": {"has": "a"}}}'
      expect(keysOf(await prompt.say(either))).toEqual(['cid'])
      expect(keysOf(await prompt.say('where'))).toEqual(['ann', 'bob', 'cid'])
    }
  })
})

describe('where', () => {
  it('in an order, and so many', async () => {
    using prompt = await people()
    const found = async (line: string) => keysOf(await prompt.say(line))
    expect(await found('where --order age --reverse --limit 2')).toEqual(['cid', 'bob'])
    expect(await found('where --order ["of","age"] --limit 1')).toEqual(['ann'])
    await prompt.say('index years age')
    expect(await found('where of = Bern --order years --reverse')).toEqual(['bob', 'ann'])
    expect(await found('where age > 30 --index years --no-scan')).toEqual(['bob', 'cid'])
  })

  it('a prefix is text, whatever it looks like', async () => {
    using prompt = new Prompt()
    await prompt.say(`put a {"zip": "3000"}; put b {"zip": "8000"}; index zip zip`)
    expect(keysOf(await prompt.say('where zip prefix 30'))).toEqual(['a'])
    expect(await prompt.say('index zip --prefix 30')).toEqual(['"3000"\ta'])
    expect(await prompt.say('index zip --eq "3000"')).toEqual(['"3000"\ta'])
    expect(await prompt.say('index zip --eq 3000')).toEqual([])
  })

  it('dates and other values that JSON does not have', async () => {
    using prompt = new Prompt()
    await prompt.say('put a {"on": {"$date": "2026-11-20T10:03:00Z"}}; index on on')
    expect(keysOf(await prompt.say('where on > {"$date":"2026-11-20"}'))).toEqual(['a'])
    expect(keysOf(await prompt.say('where {"on": {"lt": {"$date": "2026-11-20"}}}'))).toEqual([])
    expect(await prompt.say('index on --gte {"$date":"2026-11-20"}')).toEqual(['1795168980000\ta'])
  })

  it('plain JSON means itself where values are', async () => {
    using prompt = new Prompt('json')
    await prompt.say('put a {"$date": "x"}')
    expect(keysOf(await prompt.say('where {"$date": "x"}'))).toEqual(['a'])
    expect(keysOf(await prompt.say('where $date = x'))).toEqual(['a'])
  })

  it('explain tells plan, steps, filter and order', async () => {
    using prompt = await people()
    const explained = (query: string) => prompt.say(`explain ${query}`)
    expect(await explained('of = Bern')).toEqual(['plan    scan', 'filter  true', 'sorted  false'])
    await prompt.say(
      'index of of; index age age; index "a b" at --spatial --dimensions float64,float64',
    )
    expect(await explained('of = Bern')).toEqual([
      ...['plan    index', 'step    of: 2', 'filter  false', 'sorted  false'],
    ])
    expect(await explained('{"or": [{"of": "Zug"}, {"age": 30}]} --order age')).toEqual([
      ...['plan    union', 'step    of: 1', 'step    age: 1', 'filter  false', 'sorted  true'],
    ])
    expect(await explained('at box [[8,47],[9,48]]')).toContain('step    "a b": 2')
    expect(await explained('--order age --reverse')).toEqual([
      ...['plan    index', 'step    age: 3', 'filter  false', 'sorted  false'],
    ])
  })
})
