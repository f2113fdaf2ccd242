/** The reserve: pages put by so that a full database can still delete and clear. */

/** Pages of the reserve in an arena of `pages`: a worst-case delete, less in a tiny arena. */
export function reservePages(pages: number): number {
  return Math.min(40, Math.max(8, Math.floor(pages / 16)))
}
