/**
 * Steps that every Level knows, writes and reads: carried out on a level and on the oracle.
 */
import { utf8 } from './support-codings.js'
import { find, ModelIterator, type Row, rowsIn } from './support-model.js'
import type { StepOfKind } from './support-steps.js'
import { fault, join, loose, type Made, pick, timeOf, World } from './support-world.js'

export class Present extends World {
  /** Something to read, in every place. Sublevels read the past once they are open. */
  async start(seed: number): Promise<void> {
    await Promise.all(this.levels.map(level => level.open()))
    const keyed = this.levels.map((level, i) => ({ ...this.placeAt(i), level }))
    for (const { level, place } of keyed) {
      const atoms = place.keys.atoms.filter((_, i) => ((seed >>> (i % 30)) & 1) === 1)
      const rows = atoms.map((key, i) => ({ key, value: pick(place.values.atoms, seed + i) }))
      if (rows.length === 0) continue
      await level.batch(rows.map(row => ({ type: 'put', ...row })))
      const write = ({ key, value }: (typeof rows)[number]) => ({
        key: join(place, place.keys.bytes(key)),
        value: place.values.bytes(value),
      })
      this.model.commit(rows.map(write))
      this.model.times.push(timeOf(level, this.model.version))
    }
  }

  // ── Writes ────────────────────────────────────────────────────────────────────────────────────

  async put({ place, key, value, k, v }: StepOfKind<'put'>): Promise<void> {
    const to = this.placeAt(place)
    const [keys, values] = [this.writeKeys(to.place, k), this.writeValues(to.place, v)]
    const [a, b] = [pick(keys.atoms, key), pick(values.atoms, value)]
    const row = { key: join(to.place, keys.bytes(a)), value: values.bytes(b) }
    const options = loose({ keyEncoding: keys.option, valueEncoding: values.option })
    await this.commit(to, () => to.level.put(a, b, options), [row])
  }

  async fill({ key, size }: StepOfKind<'fill'>): Promise<void> {
    const value = 'v'.repeat(size)
    const row = { key: utf8.bytes(`fill ${key}`), value: utf8.bytes(value) }
    const to = this.placeAt(0)
    await this.commit(to, () => to.level.put(`fill ${key}`, value), [row])
  }

  async del({ place, key, k }: StepOfKind<'del'>): Promise<void> {
    const to = this.placeAt(place)
    const keys = this.readCoding(to.place.keys, k)
    const a = pick(keys.atoms, key)
    const options = loose({ keyEncoding: keys.option })
    const writes = [{ key: join(to.place, keys.bytes(a)), value: null }]
    await this.commit(to, () => to.level.del(a, options), writes)
  }

  async batch({ place, operations }: StepOfKind<'batch'>): Promise<void> {
    const to = this.placeAt(place)
    const all = operations.map(operation => this.made(to, operation, false))
    const given = all.map(({ given }) => given)
    if (given.length === 0) {
      await this.agree(
        'batch',
        () => to.level.batch([]),
        () => undefined,
      )
      return
    }
    await this.commit(
      to,
      () => to.level.batch(loose(given)),
      all.map(({ write }) => write),
    )
  }

  async chain({ place, operations, clearAt }: StepOfKind<'chain'>): Promise<void> {
    const to = this.placeAt(place)
    const batch = to.level.batch()
    let all: Made[] = []
    operations.forEach((step, i) => {
      if (i === clearAt) {
        batch.clear()
        all = []
      }
      const operation = this.made(to, step, true)
      const { type, key, value, ...options } = operation.given
      if (type === 'put') batch.put(key, value, loose(options))
      else batch.del(key, loose(options))
      all.push(operation)
    })
    this.same('length', { value: batch.length }, { value: all.length })
    if (all.length === 0)
      await this.agree(
        'write',
        () => batch.write(),
        () => undefined,
      )
    else
      await this.commit(
        to,
        () => batch.write(),
        all.map(({ write }) => write),
      )
  }

  async clear({ place, k, range, limit, reverse, snapshot }: StepOfKind<'clear'>): Promise<void> {
    const to = this.placeAt(place)
    const keys = this.readCoding(to.place.keys, k)
    const { bounds, span } = this.spanOf(to.place, keys, range)
    const held = this.snapshotAt(snapshot)
    const keyEncoding = keys.option
    const given = { ...bounds, keyEncoding, limit, reverse, snapshot: held?.real }
    if (limit === 0) {
      await this.agree(
        'clear',
        () => to.level.clear(loose(given)),
        () => undefined,
      )
      return
    }
    if (held?.isOpen === false) {
      const fail = () => fault('LEVEL_SNAPSHOT_NOT_OPEN')
      await this.agree('clear', () => to.level.clear(loose(given)), fail)
      return
    }
    const version = held?.version ?? this.model.version
    const most = limit === undefined || limit === -1 ? undefined : limit
    const rows = rowsIn(this.stateAt(version), span, reverse).slice(0, most)
    const writes = rows.map(({ key }) => ({ key, value: null }))
    await this.commit(to, () => to.level.clear(loose(given)), writes)
  }

  // ── Reads ─────────────────────────────────────────────────────────────────────────────────────

  async get({ place, k, v, snapshot, key, how }: StepOfKind<'get'>): Promise<void> {
    const from = this.sourceOf(place, snapshot)
    const { keys, values, options } = this.codingsOf(from.place, k, v)
    const atom = pick(keys.atoms, key)
    const given = loose({ ...options, snapshot: from.snapshot?.real })
    await this.agree(
      how,
      () => from.level[how as 'get'](atom, given),
      () => {
        const row = find(from.state(), join(from.place, keys.bytes(atom)))
        if (how === 'has') return row !== undefined
        return row === undefined ? undefined : values.back(row.value)
      },
    )
  }

  async getMany({ place, k, v, snapshot, keys: some, how }: StepOfKind<'getMany'>): Promise<void> {
    const from = this.sourceOf(place, snapshot)
    const { keys, values, options } = this.codingsOf(from.place, k, v)
    const atoms = some.map(n => pick(keys.atoms, n))
    const given = loose({ ...options, snapshot: from.snapshot?.real })
    await this.agree(
      how,
      () => from.level[how as 'getMany'](atoms, given),
      () => {
        const state = from.state()
        const rows = atoms.map(atom => find(state, join(from.place, keys.bytes(atom))))
        if (how === 'hasMany') return rows.map(row => row !== undefined)
        return rows.map(row => (row === undefined ? undefined : values.back(row.value)))
      },
    )
  }

  async iterate(step: StepOfKind<'iterate'>): Promise<void> {
    const { how, reverse, limit } = step
    const from = this.sourceOf(step.place, step.snapshot)
    const { keys, values, options } = this.codingsOf(from.place, step.k, step.v)
    const { bounds, span } = this.spanOf(from.place, keys, step.range)
    const signal = step.isAbortable ? new AbortController().signal : undefined
    const parts = how === 'iterator' ? { keys: step.keys, values: step.values } : {}
    const snapshot = from.snapshot?.real
    const given = { ...options, ...bounds, ...parts, reverse, limit, snapshot, signal }
    const real = from.level[how as 'iterator'](loose(given))
    const state = from.snapshot?.isOpen === false ? [] : from.state()
    const most = limit === undefined || limit === -1 ? Number.POSITIVE_INFINITY : limit
    const model = new ModelIterator(state, span, reverse, most)
    const key = (row: Row) => keys.back(row.key.subarray(from.place.prefix.length))
    const value = (row: Row) => values.back(row.value)
    const both = (row: Row) => [
      step.keys ? key(row) : undefined,
      step.values ? value(row) : undefined,
    ]
    const item = how === 'keys' ? key : how === 'values' ? value : both
    this.same('limit', { value: real.limit }, { value: most })
    this.iterators.push({
      ...{ real, model, item, place: from.place, keys },
      snapshot: from.snapshot,
    })
  }

  async move({ iterator, how, size, key, k }: StepOfKind<'move'>): Promise<void> {
    if (this.iterators.length === 0) return
    const { real, model, item, place, keys, snapshot } = pick(this.iterators, iterator)
    const coding = k === 0 ? keys : this.readCoding(place.keys, k)
    const target = pick(coding.atoms, key)
    const take = (most: number) => {
      if (!model.isOpen) fault('LEVEL_ITERATOR_NOT_OPEN')
      if (snapshot?.isOpen === false) fault('LEVEL_SNAPSHOT_NOT_OPEN')
      return model.take(most).map(item)
    }
    if (how === 'next')
      await this.agree(
        how,
        () => real.next(),
        () => take(1)[0],
      )
    else if (how === 'nextv')
      await this.agree(
        how,
        () => real.nextv(size),
        () => take(size),
      )
    else if (how === 'all') {
      await this.agree(
        how,
        () => real.all(),
        () => take(Number.POSITIVE_INFINITY),
      )
      if (snapshot?.isOpen !== false) model.isOpen = false
    } else if (how === 'seek') {
      real.seek(target, loose({ keyEncoding: coding.option }))
      model.seek(join(place, coding.bytes(target)))
    } else {
      await real.close()
      model.isOpen = false
    }
    this.same('count', { value: real.count }, { value: model.count })
  }
}
