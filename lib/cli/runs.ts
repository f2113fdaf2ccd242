/** Draws the files of a directory: each a bar over the versions that it tells of, as high as it has bytes. */
import type { ZVerse } from '../index.js'

type Files = NonNullable<ReturnType<typeof ZVerse._directories.filesIn>>

const WIDTH = 960
const LEFT = 170
const RIGHT = 90
const ROW = 22
const TOP = 40
const COLOURS = { past: '#8b6fc0', base: '#c0843f', log: '#4f8f6f' }

/** A picture in SVG, on one line. */
export function drawRuns(files: Files): string {
  const known = files.flatMap(({ from, to = from }) =>
    from === undefined ? [] : [from, to ?? from],
  )
  const first = Math.min(...known)
  const last = Math.max(first + 1, ...known)
  // The segment that is written now goes up to the present; one that was made ahead begins there.
  const spans = files.map(({ from = last, to = last }) => ({ from, to }))
  const at = (version: number) =>
    LEFT + ((version - first) / (last - first)) * (WIDTH - LEFT - RIGHT)
  const height = TOP + ROW * files.length + 16
  const rows = files.map(({ name, kind, bytes }, i) => {
    const { from, to } = spans[i]
    const y = TOP + ROW * i
    const width = Math.max(2, at(to) - at(from))
    return [
      text(LEFT - 8, y + 13, name, 'end'),
      `<rect x="${round(at(from))}" y="${y + 3}" width="${round(width)}" height="14" fill="${COLOURS[kind]}"/>`,
      text(WIDTH - RIGHT + 8, y + 13, sizeOf(bytes), 'start'),
    ].join('')
  })
  const ends = [
    text(LEFT, 24, `version ${first}`, 'start'),
    text(WIDTH - RIGHT, 24, `${last}`, 'end'),
  ]
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
    'font-family="sans-serif" font-size="12">' +
    `<title>Files of a database, by version</title>${ends.join('')}${rows.join('')}</svg>`
  )
}

const round = (x: number) => Math.round(x * 10) / 10

function text(x: number, y: number, content: string, anchor: 'start' | 'end'): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#777">${content}</text>`
}

function sizeOf(bytes: number): string {
  if (bytes < 2 ** 10) return `${bytes} B`
  if (bytes < 2 ** 20) return `${round(bytes / 2 ** 10)} KiB`
  return `${round(bytes / 2 ** 20)} MiB`
}
