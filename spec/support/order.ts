/**
 * The order in which files run: those that take longest first, so that workers end together. A run that
 * remembers the one before goes by what it took; a fresh clone begins with what is named here.
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
    return sorted.sort((a, b) => rank(a) - rank(b))
  }
}
