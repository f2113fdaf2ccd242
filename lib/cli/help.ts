/** The texts of `help`, from the command table. */
import { type Command, type Group, type Option, optionForm, usage } from './command.js'

/** The groups, in the order in which help and docs/cli.md have them. */
export const GROUPS: readonly Group[] = [
  ...(['Reading', 'Writing', 'Versions', 'Transactions', 'Points', 'Indexes'] as const),
  ...(['Graphs', 'Stores and codecs', 'Files', 'Care', 'The prompt'] as const),
]

/** All commands with their summaries. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const parts = GROUPS.map(group => {
    const lines = commands
      .filter(command => command.group === group)
      .map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
    return [group, ...lines].join('\n')
  })
  return `${parts.join('\n')}\nhelp COMMAND says more, with examples.`
}

/** The full help of a command. */
export function commandHelp(command: Command): string {
  const parts = [
    `${command.summary}\n\n  ${wrap(usage(command), 76, '      ')}`,
    wrap(command.details, 78),
  ]
  if (command.options.length > 0) parts.push(optionLines(command.options))
  for (const { title, transcript } of command.examples) {
    parts.push(`${title}\n\n${transcript.trim().replace(/^(?=.)/gm, '  ')}`)
  }
  return parts.join('\n\n')
}

/** Options with their summaries, a line or more each. */
export function optionLines(options: readonly Option[]): string {
  const width = Math.max(...options.map(option => optionForm(option).length))
  const lines = options.map(option => {
    const summary = wrap(option.summary, 74 - width, ' '.repeat(width + 4))
    return `  ${optionForm(option).padEnd(width)}  ${summary}`
  })
  return lines.join('\n')
}

/** Breaks a text into lines of at most `width`; all but the first are indented. */
export function wrap(text: string, width: number, indent = ''): string {
  const lines = ['']
  for (const word of text.match(/\[[^\]]*\]…?|\S+/g) ?? []) {
    const last = lines[lines.length - 1]
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] += ` ${word}`
    else lines.push(indent + word)
  }
  return lines.join('\n')
}
