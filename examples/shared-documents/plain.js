// @ts-check
/**
 * The same documents without any store: in this thread's memory, made of the updates of all editors.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { BroadcastChannel } from 'node:worker_threads'
import * as Y from 'yjs'

export class Plain {
  received = 0
  /** @type {Map<string, Y.Doc>} */
  documents = new Map()
  #channels

  /** @param {string[]} names */
  constructor(names) {
    this.#channels = names.map(name => {
      const document = new Y.Doc()
      this.documents.set(name, document)
      const channel = new BroadcastChannel(name)
      channel.onmessage = event => {
        Y.applyUpdate(document, /** @type {{ data: Uint8Array }} */ (event).data)
        this.received++
      }
      return channel
    })
  }

  /** @param {number} count of updates to wait for */
  async end(count) {
    while (this.received < count) await delay(1)
    for (const channel of this.#channels) channel.close()
  }
}
