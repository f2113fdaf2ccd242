/**
 * How many random cases the specs try. `ZVERSE_RUNS=3000` is once their own number. `npm test` does a fifth
 * of that, each time with other seeds, and `npm run stress` several times as much.
 */

export const SCALE = Number(process.env.ZVERSE_RUNS ?? 600) / 3000

/** So many, more or fewer as the environment says, at least one. */
export const scaled = (count: number) => Math.max(1, Math.ceil(count * SCALE))
