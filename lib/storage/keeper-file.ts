/**
 * Where the module of the keeper's worker lies. A module of its own, that package.json names `#keeper-file`:
 * `import.meta` cannot even be parsed where a test runner has made CommonJS of the package, and gets the other form.
 */
import { URL } from 'node:url'

/** @throws TypeError where a bundler has taken the place of the module away */
export const keeperFile = (): URL | undefined => new URL('./keeper-worker.js', import.meta.url)
