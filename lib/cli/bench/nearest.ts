/** Guesses what was meant. */

/** The name that fewest changes of a letter lead to. `names` must not be empty. */
export function nearest(word: string, names: readonly string[]): string {
  const distances = names.map(name => distance(word, name))
  return names[distances.indexOf(Math.min(...distances))]
}

/** Letters to insert, delete or replace (Levenshtein), by the rows of Wagner and Fischer's table. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const letter of a) {
    const above = row
    row = [above[0] + 1]
    for (let i = 0; i < b.length; i++) {
      const replaced = above[i] + (letter === b[i] ? 0 : 1)
      row.push(Math.min(replaced, row[i] + 1, above[i + 1] + 1))
    }
  }
  return row[b.length]
}
