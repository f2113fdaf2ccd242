/**
 * The order in which files run: those that have a process of their own, then those that share one (which is
 * ended where another comes between); of each, those that take longest first, so that workers end together. A
 * run that remembers the one before goes by its times; a fresh clone begins with the files named here.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const DEAREST = [
  ...[
    'runners/runners',
    'examples/git-time-machine',
    'bundles/bundles',
    'level/suite',
    'cli/bench',
  ],
  ...['examples/cities', 'cli/pipe', 'threads/threads', 'cli/terminal', 'threads/death/steps'],
]

export class DearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification) => {
      const at = DEAREST.findIndex(name => moduleId.endsWith(`/spec/${name}.spec.ts`))
      return at < 0 ? DEAREST.length : at
    }
    const shares = ({ project }: TestSpecification) => Number(!project.config.isolate)
    return sorted.sort((a, b) => shares(a) - shares(b) || rank(a) - rank(b))
  }
}
