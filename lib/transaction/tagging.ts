/**
 * Naming versions, and taking names back: changes of the tag tree, which make no version.
 */
import type { Tags } from '../history/tags.js'
import { R_VERSION } from '../memory/layout.js'
import { load48 } from '../memory/words.js'
import type { Engine } from './engine.js'
import { checkView, type View } from './view.js'

/** Names the version of a view; an existing name moves. Returns the version. */
export function tag(engine: Engine, name: string, view: View | undefined): number {
  const { W, epochs } = engine
  const tags: Tags = engine.tags
  tags.check(name)
  const at = checkView(view, 'tag')
  return engine.write(() => {
    // Pinned, for the tag tree may need room, which is made by letting versions go.
    const record = engine.enter(at)
    const pin = epochs.slots.acquire(record)
    epochs.slots.exit()
    try {
      const version = load48(W, record + R_VERSION)
      const before = tags.find(epochs.tagRoot, name)
      const tree = { root: epochs.tagRoot, words: 0 }
      if (before !== 0) tags.remove(tree, name, load48(W, before + R_VERSION))
      tags.add(tree, name, version, record)
      engine.active = null
      epochs.publishTags(tree.root, record, before)
      return version
    } finally {
      epochs.slots.release(pin)
    }
  }, true)
}

/** Takes a name away; returns the version that had it. @throws ZVerseError `ZVERSE_UNKNOWN_TAG` */
export function untag(engine: Engine, name: string): number {
  const tags: Tags = engine.tags
  tags.check(name)
  return engine.write(() => {
    const record = engine.enter({ at: name })
    engine.epochs.slots.exit()
    const version = load48(engine.W, record + R_VERSION)
    const tree = { root: engine.epochs.tagRoot, words: 0 }
    tags.remove(tree, name, version)
    engine.active = null
    engine.epochs.publishTags(tree.root, 0, record)
    return version
  }, true)
}
