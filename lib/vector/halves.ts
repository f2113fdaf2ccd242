/** Halves of a cluster. A pure function; any thread. */

/** Which of some are below 0; so many that each side has a quarter at least. */
export function balanced(more: Float64Array): boolean[] {
  const least = more.length >> 2
  let below = 0
  for (const x of more) if (x < 0) below++
  if (below >= least && more.length - below >= least) return Array.from(more, x => x < 0)
  const order = Array.from(more.keys()).sort((a, b) => more[a] - more[b])
  const isSecond = new Array<boolean>(more.length).fill(false)
  const count = below < least ? least : more.length - least
  for (let i = 0; i < count; i++) isSecond[order[i]] = true
  return isSecond
}
