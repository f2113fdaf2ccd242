/** Plays each row of a suite once, of one system. */
import { expect } from 'vitest'
import { one, type Settings, type Stage } from '../../perf/stage.js'
import { scenarios, suiteOf, suites } from '../../perf/suites.js'

/** Each row has exactly the figures that it declares, which are looked at by `judge`. */
export async function playAll(
  suite: string,
  system: string,
  settings: Settings,
  judge: (figure: number, name: string) => void,
): Promise<void> {
  const { systems, stage: make } = suites[suite] as (typeof suites)[string]
  const stage: Stage<unknown> = make(
    await systems[system]?.({ directory: '', keys: settings.keys }),
    settings,
  )
  for (const scenario of scenarios.filter(one => suiteOf(one) === suite)) {
    expect(await stage.start(scenario), scenario.name).toBe(true)
    const figures = await stage.round()
    const wanted = Object.keys(scenario.figures)
    expect(Object.keys(figures).sort(), scenario.name).toEqual(wanted.sort())
    for (const name of wanted) judge(one(figures[name] ?? Number.NaN), name)
    await stage.stop()
  }
  await stage.close()
}
