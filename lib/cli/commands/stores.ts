/** Commands for named stores and codecs. */
import type { Command } from '../command.js'
import { KEY_CODECS, keyForm, VALUE_CODECS, valueForm } from '../literals.js'
import { NOTHING, type Result, rowsOf, versionResult } from '../result.js'
import type { Session } from '../session.js'
import { asWord, Mistake } from '../words.js'

export const STORES: readonly Command[] = [
  {
    name: 'store',
    group: 'Stores and codecs',
    needs: 'prompt',
    arguments: [{ name: 'NAME', kind: 'store', optional: true }],
    options: [
      { name: 'keys', value: 'CODEC', kind: 'key codec', summary: 'the codec of its keys' },
      { name: 'values', value: 'CODEC', kind: 'value codec', summary: 'the codec of its values' },
    ],
    summary: 'enters a named store',
    details:
      'All later commands work on that store; it is made if there is none. Without NAME the command goes ' +
      'back to the unnamed store. Versions, tags and transactions are those of the whole database.',
    examples: [
      {
        title: 'Keys of their own:',
        transcript: `
zverse> store users
a new store, version 1
zverse:users> put ada {"born": 1815}
version 2
zverse:users> store
zverse> get ada
(absent)`,
      },
    ],
    async run(session, call) {
      const [word] = call.words
      const [keys, values] = [call.option('keys'), call.option('values')]
      if (word === undefined) {
        session.leaveStore()
        return NOTHING
      }
      if (word.text === '') throw new Mistake('the name of a store must not be empty')
      const isMade = await session.enter(word.text, {
        ...(keys === undefined ? {} : { keys: keyForm(keys.text) }),
        ...(values === undefined ? {} : { values: valueForm(values.text) }),
      })
      const { version } = session.db
      return isMade ? versionResult(version, `a new store, version ${version}`) : NOTHING
    },
  },
  {
    name: 'stores',
    group: 'Stores and codecs',
    needs: 'from',
    arguments: [],
    options: [
      { name: 'drop', value: 'NAME', kind: 'store', summary: 'drops a store with all its entries' },
    ],
    summary: 'the named stores',
    details: 'With their codecs. Older versions still have a dropped store.',
    examples: [
      {
        title: 'One store:',
        transcript: `
zverse> store users --keys tuple
a new store, version 1
zverse:users> stores
name   keys   values
users  tuple  msgpack`,
      },
    ],
    writes: call => call.has('drop'),
    async run(session, call) {
      const name = call.option('drop')?.text
      if (name !== undefined) {
        session.mustBePresent('no store can be dropped there')
        session.mustHaveNoTransaction('dropping a store')
        const version = await session.change(() => session.db.dropStore(name))
        if (session.entered?.name === name) session.leaveStore()
        return versionResult(version)
      }
      const columns = [
        { name: 'name', kind: 'key' },
        { name: 'keys', kind: 'text' },
        { name: 'values', kind: 'text' },
      ] as const
      return rowsOf(columns, session.stores().values(), store => {
        return [asWord(store.name), store.keys, store.values]
      })
    },
  },
  {
    name: 'keys-as',
    group: 'Stores and codecs',
    needs: 'prompt',
    arguments: [{ name: 'CODEC', kind: 'key codec', optional: true, choices: KEY_CODECS }],
    rest: true,
    options: [],
    summary: 'the codec of keys',
    details:
      'string: any text. tuple: JSON scalars and arrays. binary: 0x and hex digits. zorder(DIMENSION,…): points; a ' +
      'dimension is uint8, uint16, uint32, int8, int16, int32, float32, float64, date or float(MIN,MAX,BITS). ' +
      'Sets the codec of the database while that is empty, afterwards that of stores made later. Without ' +
      'CODEC it prints the present one.',
    examples: [
      {
        title: 'Tuples sort by their elements:',
        transcript: `
zverse> keys-as tuple
zverse> batch put ["u",10] 1; put ["u",9] 2
version 1
zverse> keys
key
["u",9]
["u",10]`,
      },
    ],
    run(session, { words }) {
      if (words.length === 0) return codec(session, 'keys')
      const keys = keyForm(words.map(({ text }) => text).join(' '))
      return said(session, session.setCodecs({ keys }), 'keys')
    },
  },
  {
    name: 'values-as',
    group: 'Stores and codecs',
    needs: 'prompt',
    arguments: [{ name: 'CODEC', kind: 'value codec', optional: true, choices: VALUE_CODECS }],
    options: [],
    summary: 'the codec of values',
    details:
      'msgpack: JSON and more, see docs/api.md. json. string: text. binary: 0x and hex digits. It takes effect as ' +
      '`keys-as` does.',
    examples: [
      {
        title: 'Text is stored unchanged:',
        transcript: `
zverse> values-as string
zverse> put a 007
version 1
zverse> get a
"007"`,
      },
    ],
    run(session, { words: [word] }) {
      if (word === undefined) return codec(session, 'values')
      return said(session, session.setCodecs({ values: valueForm(word.text) }), 'values')
    },
  },
]

/** The present codec. */
function codec(session: Session, of: 'keys' | 'values'): Result {
  const { name } = session[of]
  return { is: 'text', text: name, value: name }
}

function said(session: Session, whole: boolean, of: 'keys' | 'values'): Result {
  const { name } = session.made[of]
  if (whole) return NOTHING
  const here = session[of].name
  const text = `stores made from now on have ${of} of codec ${name}; here they are ${here}`
  return { is: 'text', text, value: name }
}
