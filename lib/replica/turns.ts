/**
 * Whose turn it is to append: so that a node that others are faster than gets its turn.
 *
 * A node whose change was void twice, because others were first, draws a ticket: a record of its name, which comes
 * behind whatever is newest. Nodes give way to the oldest ticket until that node has put something into the log, or for
 * a while: it may have ended. Tickets only save work: what is in the log is decided by the conditions of appends.
 */
import { monotonic } from '../threads/clock.js'

/** ms for which nodes give way to a ticket: several round trips of a log that is far away. */
const PATIENCE = 500
/** Times that a change may be void before its node draws a ticket. */
export const VOID = 2

export class Turns {
  readonly #node: string
  readonly #tickets: { readonly node: string; until: number }[] = []

  constructor(node: string) {
    this.#node = node
  }

  /** A ticket has come. */
  draw(node: string): void {
    this.#tickets.push({ node, until: Number.POSITIVE_INFINITY })
  }

  /** A node has put something into the log. */
  served(node: string): void {
    const at = this.#tickets.findIndex(ticket => ticket.node === node)
    if (at >= 0) this.#tickets.splice(at, 1)
  }

  /** True if this node has a ticket. */
  get hasTicket(): boolean {
    return this.#tickets.some(({ node }) => node === this.#node)
  }

  /** ms for which this node gives way to another one, at most; 0: it is its turn. */
  get wait(): number {
    for (;;) {
      const [first] = this.#tickets
      if (first === undefined || first.node === this.#node) return 0
      // From when it is the oldest on.
      const now = monotonic()
      if (first.until === Number.POSITIVE_INFINITY) first.until = now + PATIENCE
      if (now < first.until) return first.until - now
      this.#tickets.shift()
    }
  }
}

/** The node that has made an id. */
export function nodeOf(id: string): string {
  return id.slice(0, id.lastIndexOf('-'))
}
