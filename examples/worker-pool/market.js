// @ts-check
/** Shared by main, writer and readers: the stores, and the invariants of each version. */

export const SYMBOLS = ['AAAA', 'BEAM', 'CORK', 'DUNE', 'ECHO', 'FERN', 'GLOW', 'HAZE']
export const HOLDERS = ['ann', 'ben', 'cem', 'dan', 'eva', 'fay', 'gus', 'ida']
/** All of them together, however often they change hands. */
export const SHARES = 1_000_000

/** In cents; a bid is never above its ask. @typedef {{ bid: number, ask: number }} Quote */

/**
 * The unnamed store has the quotes by symbol, the store `book` how many shares each holder has. One
 * tick of the feed changes both in one transaction.
 * @typedef {import('zverse').ZVerse<string, Quote>} Market
 * @typedef {import('zverse').Store<string, number>} Book
 */

/** @param {number} below */
export const random = below => Math.floor(Math.random() * below)

/** @template T @param {readonly T[]} items */
export const oneOf = items => items[random(items.length)]
