/** Stand-ins for `db.dump` and `db.load`, until the public API has them. */
import type { View } from '../../index.js'
import type { Database } from '../session.js'

export interface DumpOptions extends View {
  history?: boolean
}

export function* dumpRecords(
  db: Database,
  options: DumpOptions,
  codecs: { keys: { name: string }; values: { name: string } },
): Generator<unknown> {
  const { history: _, ...view } = options
  yield { type: 'zverse', format: 1, keys: codecs.keys.name, values: codecs.values.name }
  for (const [key, value] of db.range(view)) yield { type: 'put', key, value }
}

export async function loadRecords(db: Database, records: AsyncIterable<unknown>): Promise<number> {
  const tx = db.beginWrite()
  try {
    for await (const record of records) {
      const { type, key, value } = record as { type: string; key: unknown; value: unknown }
      if (type === 'put') tx.put(key, value)
    }
    return tx.commit()
  } finally {
    tx.abort()
  }
}
