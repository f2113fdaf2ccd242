/**
 * Carries steps out on a level and on the oracle, and compares the results: the steps that go
 * through time are here.
 */
import type { ZVerseSnapshot } from '../../lib/level/index.js'
import { Mismatch, show } from '../support/outcome.js'
import { utf8 } from './support-codings.js'
import type { Row } from './support-model.js'
import { Present } from './support-present.js'
import type { Step, StepOfKind } from './support-steps.js'
import {
  isFull,
  isOpen,
  join,
  type Level,
  loose,
  type OpenChanges,
  outcome,
  type Past,
  pick,
  timeOf,
} from './support-world.js'

export class Run extends Present {
  /** @throws Mismatch */
  async step(step: Step): Promise<void> {
    try {
      await (this[step.kind] as (step: never) => Promise<void>).call(this, step as never)
      this.same('version', { value: this.subject.level.version() }, { value: this.model.version })
      const { times, version } = this.model
      if (times.length === version) times.push(timeOf(this.subject.level, version))
    } catch (error) {
      if (error instanceof Mismatch) throw new Mismatch(`${show(step)}\n${error.message}`)
      throw error
    }
  }

  /** All that is there, then the end of everything that is open. */
  async end(): Promise<void> {
    const { level } = this.subject
    const rows = await level.iterator(loose({ keyEncoding: 'utf8', valueEncoding: 'utf8' })).all()
    const expected = this.model.present.map(({ key, value }) => [utf8.back(key), utf8.back(value)])
    this.same('all', { value: rows }, { value: expected })
    const waiting = this.openChanges.map(({ real }) => real.next().then(({ done }) => done))
    await level.close()
    // Some may have had a commit left to report.
    await Promise.allSettled(waiting)
    for (const { real } of this.openChanges) {
      this.same('changes end', { value: (await real.next()).done }, { value: true })
    }
  }

  // ── The past ──────────────────────────────────────────────────────────────────────────────────

  async snapshot({ place, when }: StepOfKind<'snapshot'>): Promise<void> {
    const from = this.placeAt(place)
    const moment = this.moment(when)
    const options =
      moment instanceof Date ? { asOf: moment } : moment === undefined ? undefined : { at: moment }
    let real: ZVerseSnapshot | undefined
    let version = from.version ?? this.model.version
    const make = () => {
      real = from.level.snapshot(options)
      return real.version
    }
    await this.agree('snapshot', make, () => {
      if (moment !== undefined) version = this.resolveFrom(from.version, moment)
      return version
    })
    if (real !== undefined) this.snapshots.push({ real, version, isOpen: true })
  }

  /** The version of `when` at a level: a level of the past pins its own, kept by others or not. */
  private resolveFrom(held: number | undefined, when: number | string | Date): number {
    return when === held ? held : this.model.resolve(when)
  }

  async closeSnapshot({ snapshot }: StepOfKind<'closeSnapshot'>): Promise<void> {
    if (this.snapshots.length === 0) return
    const held = pick(this.snapshots, snapshot)
    await held.real.close()
    held.isOpen = false
  }

  async at({ place, when }: StepOfKind<'at'>): Promise<void> {
    const from = this.placeAt(place)
    const moment = this.moment(when) ?? this.model.version
    let level: Level | undefined
    let version = 0
    const make = async () => {
      level = from.level.at(moment) as unknown as Level
      await level.open()
      return level.version()
    }
    await this.agree('at', make, () => (version = this.resolveFrom(from.version, moment)))
    if (level !== undefined) this.pasts.push({ level, place: from.place, version })
  }

  async closePast({ past }: StepOfKind<'closePast'>): Promise<void> {
    if (this.pasts.length === 0) return
    const [closed] = this.pasts.splice(past % this.pasts.length, 1) as [Past]
    const lives = this.iterators.filter(({ real }) => real.db !== closed.level)
    this.iterators.splice(0, this.iterators.length, ...lives)
    await closed.level.close()
    const closedLevel = { code: 'LEVEL_DATABASE_NOT_OPEN' }
    this.same('closed', await outcome(() => closed.level.get('a')), closedLevel)
    // Snapshots that were taken of it are closed with it.
    for (const held of this.snapshots) {
      if (held.isOpen) held.isOpen = isOpen(held.real)
    }
  }

  async tag({ n }: StepOfKind<'tag'>): Promise<void> {
    const name = pick(['one', 'two', 'three'], n)
    const done = await outcome(() => this.subject.db.tag(name))
    if (isFull(done)) return
    this.same('tag', done, { value: this.model.version })
    this.model.tags.set(name, this.model.version)
  }

  async version({ place }: StepOfKind<'version'>): Promise<void> {
    const { level, version } = this.placeAt(place)
    this.same('version', { value: level.version() }, { value: version ?? this.model.version })
  }

  async history(step: StepOfKind<'history'>): Promise<void> {
    const from = this.placeAt(step.place)
    const { keys, values, options } = this.codingsOf(from.place, step.k, step.v)
    const atom = pick(keys.atoms, step.key)
    const [low, high] = [step.from, step.to].map(n => n && n % (this.model.version + 1))
    const { reverse, limit } = step
    const until = from.version ?? this.model.version
    const oldest = this.model.oldest()
    if (until < oldest) return
    const given = { ...options, from: low, to: high, reverse, limit }
    const told = async () => {
      const records = from.level.history(atom, loose(given)).toArray()
      return records.map(({ timestamp, ...rest }) => {
        return rest.version < oldest ? rest : { ...rest, timestamp }
      })
    }
    await this.agree('history', told, () => {
      const all = this.model.history(join(from.place, keys.bytes(atom)), until)
      const within = all.filter(
        ({ version }) => version >= (low ?? 0) && version <= (high ?? until),
      )
      const ordered = reverse ? within.reverse() : within
      return ordered.slice(0, limit).map(record => {
        const value = record.value === undefined ? undefined : values.back(record.value)
        const timestamp = this.model.times[record.version]
        return record.version < oldest ? { ...record, value } : { ...record, value, timestamp }
      })
    })
  }

  async diff(step: StepOfKind<'diff'>): Promise<void> {
    const from = this.placeAt(step.place)
    const { keys, values, options } = this.codingsOf(from.place, step.k, step.v)
    const { bounds, span } = this.spanOf(from.place, keys, step.range)
    const { reverse, limit } = step
    const [a, b] = [step.from, step.to].map(when => this.moment(when) ?? this.model.version) as [
      number,
      number,
    ]
    const told = () =>
      from.level.diff(a, b, loose({ ...options, ...bounds, reverse, limit })).toArray()
    await this.agree('diff', told, () => {
      const pairs = this.model.diff(this.model.resolve(a), this.model.resolve(b), span)
      const value = (row: Row | undefined) =>
        row === undefined ? undefined : values.back(row.value)
      return (reverse ? pairs.reverse() : pairs).slice(0, limit).map(({ key, before, after }) => ({
        key: keys.back(key.subarray(from.place.prefix.length)),
        before: value(before),
        after: value(after),
      }))
    })
  }

  async changes(step: StepOfKind<'changes'>): Promise<void> {
    const from = this.placeAt(step.place)
    const { keys, values, options } = this.codingsOf(from.place, step.k, step.v)
    const { bounds, span } = this.spanOf(from.place, keys, step.range)
    const since = step.since && step.since % (this.model.version + 1)
    const make = () => from.level.changes(loose({ ...options, ...bounds, since }))
    const made = await outcome(async () => ({ real: make() }))
    if ('code' in made) {
      const isGone = since !== undefined && since < this.model.oldest()
      this.same('changes', made, { code: isGone ? 'ZVERSE_VERSION_NOT_RETAINED' : 'none' })
      return
    }
    const change = ({ key, after }: { key: Buffer; after: Row | undefined }) => ({
      type: after === undefined ? 'del' : 'put',
      key: keys.back(key.subarray(from.place.prefix.length)),
      value: after === undefined ? undefined : values.back(after.value),
    })
    const { real } = made.value as { real: OpenChanges['real'] }
    // Those of a level of the past end with it.
    if (from.version === undefined) {
      this.openChanges.push({ real, span, change, since: since ?? this.model.version })
    } else await real.close()
  }

  async nextChange({ changes }: StepOfKind<'nextChange'>): Promise<void> {
    if (this.openChanges.length === 0) return
    const open = pick(this.openChanges, changes)
    if (open.since < this.model.oldest()) {
      const gone = { code: 'ZVERSE_VERSION_NOT_RETAINED' }
      if (open.since < this.model.version) {
        this.same('next', await outcome(() => open.real.next()), gone)
        this.openChanges.splice(this.openChanges.indexOf(open), 1)
      }
      return
    }
    for (let to = open.since + 1; to <= this.model.version; to++) {
      const pairs = this.model.diff(to - 1, to, open.span)
      if (pairs.length === 0) continue
      const { value } = await open.real.next()
      const timestamp = this.model.times[to]
      const expected = { version: to, timestamp, changes: pairs.map(open.change) }
      this.same('next', { value }, { value: expected })
      open.since = to
      return
    }
  }
}
