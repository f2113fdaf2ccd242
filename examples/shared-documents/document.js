// @ts-check
/** The contents of a document, and the edits of an editor. */

/** @typedef {import('yjs').Doc} Doc */

const WORDS = 'the sea is wide and a ship came in with salt and rope for us all'.split(' ')

/** @param {number} below */
const random = below => Math.floor(Math.random() * below)

/**
 * One edit: a word more, somewhere; now and then a word less, something to do, something done. Yjs makes
 * one update of all that happens in a transaction.
 * @param {Doc} document @param {string} author
 */
export function edit(document, author) {
  document.transact(() => {
    const text = document.getText('text')
    const words = text.toString().split(' ')
    const index = random(words.length)
    const offset = words.slice(0, index).join(' ').length + (index > 0 ? 1 : 0)
    if (random(4) === 0) text.delete(offset, words[index].length)
    text.insert(offset, `${WORDS[random(WORDS.length)]} `)
    const tasks = document.getArray('tasks')
    if (random(4) === 0) tasks.push([`${author} ${random(1000)}`])
    if (random(6) === 0 && tasks.length > 0) tasks.delete(random(tasks.length))
  })
}

/** All that can be seen of a document. @param {Doc} document */
export function contentOf(document) {
  return JSON.stringify([document.getText('text'), document.getArray('tasks')])
}
