/** What a process that is going to be killed does, drawn at random. */

/** In this order, but for compactions. */
export const PHASES = /** @type {const} */ ([
  'starting',
  'opening',
  'working',
  'compacting',
  'closing',
  'closed',
])

/**
 * @typedef {object} Plan
 * @property {string} path of the database
 * @property {string} told the directory of the files in which its threads say what they do
 * @property {number} seed
 * @property {number} round
 * @property {number} threads
 * @property {number} ms how long it works, if it is not killed
 * @property {number} largest bytes of a value
 * @property {boolean} isTracked
 * @property {boolean} isSlow its workers pause
 * @property {object} options of `open`
 * @property {{ phase: typeof PHASES[number], ms: number }} kill
 */

/** @type {Plan['kill']} */
const STILLBORN = { phase: 'starting', ms: 0 }

/**
 * @param {import('./kill-model.js').Draw} draw
 * @param {{ path: string, told: string, round: number }} where
 * @returns {Plan}
 */
export function drawPlan(draw, where) {
  const phase = /** @type {const} */ ([
    'opening',
    'working',
    'working',
    'working',
    'compacting',
    'closing',
  ])[draw(6)]
  const ms = { opening: 30, working: 500, compacting: 60, closing: 15 }[phase] ?? 0
  return {
    ...where,
    seed: draw(2 ** 30),
    threads: 1 + draw(4),
    ms: 50 + draw(400),
    largest: [2000, 30_000, 2 ** 21][draw(3)] ?? 0,
    isTracked: draw(2) === 0,
    isSlow: draw(2) === 0,
    options: drawOptions(draw),
    // The first process dies before it has made the folder.
    kill: where.round === 0 ? STILLBORN : { phase: phase ?? 'working', ms: draw(10 * ms) / 10 },
  }
}

/**
 * Options of `open` that may change from one opening to the next.
 * @param {import('./kill-model.js').Draw} draw
 */
export function drawOptions(draw) {
  const sync = /** @type {const} */ (['commit', 'interval', 'never'])[draw(3)]
  const histories = [
    ...[undefined, { versions: 0 }, { versions: 3 }, { versions: 200 }, { ms: 300 }],
    // The past on disk, which begins and ends as databases are opened with these.
    ...[
      { versions: 3, disk: {} },
      { versions: 0, disk: { versions: 50 } },
    ],
    ...[
      { versions: 20, disk: { ms: 500 } },
      { versions: 1, disk: { bytes: 50_000 } },
    ],
  ]
  const history = histories[draw(histories.length)]
  return {
    sync,
    syncInterval: 1 + draw(60),
    background: draw(3) > 0,
    maxBytes: 2 ** (26 + draw(3)),
    pointIndex: draw(3) > 0,
    ...(draw(4) === 0 ? { cache: { bytes: 2 ** 16 } } : {}),
    ...(history === undefined ? {} : { history }),
  }
}
