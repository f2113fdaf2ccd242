/** Numbers to be compared by eye. */

/** The last block of a bar, by eighths of a column. */
const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A share, 0 to 1, of `width` columns, to an eighth of a column. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(share * width * 8)
  return '█'.repeat(eighths >> 3) + BLOCKS[eighths & 7]
}

/** A number and its noun: `1 row`, `20,000 rows`. */
export function counted(n: number, one: string): string {
  const number = thousands(n)
  return `${number} ${one}${number === '1' ? '' : 's'}`
}

/** A whole number ≥ 0 with its thousands apart. */
export function thousands(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',')
}
