/**
 * Spec files that have a process of their own. All others share one with those that run before and after
 * them: it has loaded and compiled their imports already, which costs more than most of them do.
 *
 * A file is alone if it starts processes (the address space that databases reserve adds up, and a process
 * with more of it than the machine has memory cannot start others), or changes what is global to the process.
 */
export const ALONE = [
  // Processes.
  ...['bundles', 'cites', 'examples', 'level/suite', 'package', 'tidy'],
  ...[
    'cli/copies',
    'cli/directory',
    'cli/docs',
    'cli/files',
    'cli/flags',
    'cli/graphs',
    'cli/indexes',
    'cli/pipe',
    'cli/target',
    'cli/vectors',
  ],
  ...['cli/terminal', 'persistent/kills', 'persistent/kills-io', 'persistent/kills-locks'],
  'nats',
  ...['persistent/kills-last', 'persistent/kills-workers', 'vector/kernel', 'vector/kills'],
  // Workers by the dozen, which are ended and watched as they end.
  ...['threads', 'cli/bench', 'conformance/granted', 'dump/held', 'epoch/liveness'],
  ...['graph/kills', 'index/kills', 'queue/kills', 'queue/persistent'],
  // `Atomics`, clocks, the runner's settings; replaced ones are slower from then on.
  ...[
    'epoch/check',
    'hot/interleave',
    'persistent/kills-steps',
    'queue/cut-off',
    'queue/death',
    'runners',
  ],
]

/** The patterns of these for vitest. */
export const ALONE_FILES = ALONE.flatMap(name => [
  `spec/${name}.spec.ts`,
  `spec/${name}/**/*.spec.ts`,
])
