// @ts-check
/**
 * The whole set into an empty store in one transaction, in random order, with an index of cities and without; time a put. One
 * after the other: a million puts are too many to take turns with.
 */

/** @type {import('../stage.js').Scenario} */
export const putTransaction = {
  name: 'index-put',
  title: 'the set in one transaction, a put',
  figures: {
    time: { what: 'one index', unit: 'µs' },
    bare: { what: 'no index', unit: 'µs' },
    ratio: { what: 'one index ÷ none, time', unit: '×' },
  },
  ratios: { ratio: ['time', 'bare'] },
  start(stage) {
    const { set, answers } = stage
    return { time: stage.filling(set, ['city'], answers), bare: stage.filling(set, [], answers) }
  },
}
