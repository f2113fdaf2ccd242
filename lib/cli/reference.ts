/** docs/cli.md, from the command table. */
import { type Command, type Option, optionForm, usage } from './command.js'
import { VIEWS } from './commands/versions.js'
import { GROUPS } from './help.js'

const BEGINNING = `# The command line

<!-- Made by docs/cli.js from the command table: change lib/cli/, then run it. -->

\`zverse\` is a prompt on a database, and a command for scripts. [tour.md](tour.md) shows both in
five minutes.

\`\`\`
zverse                             a prompt on a new database in memory
zverse DIR                         a prompt on the database in a directory; --create makes one
zverse DIR < FILE                  commands from a file or a pipe, with DIR or without
zverse COMMAND … --from DIR        one command on a directory, which keeps its changes
zverse --from FILE --to FILE       a prompt on a dump, which is written back at the end
zverse COMMAND … --from FILE       one command on a dump; --to FILE keeps its changes
zverse --nats URL --stream NAME    a prompt on a replica of a log in NATS; with a COMMAND that alone
\`\`\`

On a pipe the first command that fails ends the run, with exit code 1 and a message on stderr that names
its line. Output to a pipe has tabs between columns, is never cut, and has no colours; \`--json\` prints
one JSON value a line: the result of the API's verb, or each item of its iterator.`

const DIRECTORIES = `## Directories

A database in a directory is there again when the command ends, and after a crash
([persistence.md](persistence.md)). \`zverse DIR\` opens it for the prompt, or for commands from a pipe;
commands that care for one, as \`check\` and \`backup\`, take DIR as their first word; all others take it with
\`--from\` or \`--to\`, which say the same of a directory. A word is a directory if one is there, or if it
ends with a slash; but commands come first: a directory called check is \`./check\`. \`--from FILE --to DIR\`
loads a dump into an empty database, \`--from DIR --to FILE\` writes one.

Only \`--create\` makes a database: a mistyped name makes none. It has the codecs of \`--keys\` and
\`--values\` for good; later they need not be said. \`--history\` and \`--past\` stay, too, until both are
given again.

A version is durable once its number is printed, unless \`--sync\` says \`interval\` or \`never\`. The end of
the session, Ctrl-C on a pipe included, closes the database. One process at a time has it open: another is
told which (\`ZVERSE_LOCKED\`), until that one ends or is killed. All of it must fit \`--max-bytes\`.

\`\`\`
$ zverse put price 10 --to shop --create
1
$ zverse put price 12 --to shop
2
$ zverse history price --from shop --json
{"version":1,"timestamp":1795170985250,"value":10,"deleted":false}
{"version":2,"timestamp":1795170985250,"value":12,"deleted":false}
$ zverse get price --from shp/
zverse: there is no database shp/
  \`zverse shp/ --create\` makes one there
\`\`\``

const REPLICAS = `## Replicas

With \`--nats URL --stream NAME\` the database is a replica: its versions are those of a log in NATS
JetStream, the same on each node ([cluster.md](cluster.md)). The log is made if there is none, and kept by
\`--replicas\` servers then: 1, 3 or 5. URL is one server or several, \`nats://a:4222,b:4222\`, with
\`USER:PASSWORD@\` or \`TOKEN@\` before the first if they ask for that. The packages of NATS must be
installed beside zverse.

Reads are of what is here, and a write is in the log once its version is printed. All commands work as
elsewhere, but for \`begin\` (\`batch\` makes one version of several writes), the load of a dump with
history (its newest version alone can be loaded), and what is for directories, which needs one:
\`zverse DIR --nats …\` keeps the replica there. A log has the codecs that it was begun with, and they need
not be said; \`--history\` is for all nodes. While the log cannot be reached the prompt says so, reads go
on, and writes fail after 30 seconds; Ctrl-C ends the waiting, not the write. \`sync\` waits for what
others have written, \`stats replica\` shows how far this node is.

\`\`\`
$ zverse --nats localhost:4222 --stream shop
stream shop of localhost:4222: version 2, 1 key
node 0f3a52d1c7e9, connected: all 3 records of the log are here
zverse shop> put price 12
version 3
zverse shop> stats replica
replica.connected  true
replica.last       4
replica.applied    4
replica.lagMs      0
replica.node       0f3a52d1c7e9
replica.rejoined   0
\`\`\``

const WORDS = `## Words

A word ends at white space or \`;\`, which separates commands. Words with spaces in them are quoted:
\`'…'\` without escapes, \`"…"\` with the escapes of JSON. Arrays and objects of JSON are words without
quotes; they and quotes may span lines. A line that begins with \`#\` is a comment. Options are written
\`--name value\` or \`--name=value\`.

A value is JSON, or else a string; a word in quotes is always a string. Values that JSON cannot express
are written as in dumps: \`{"$date":"2026-11-20T10:03:00Z"}\`, \`{"$number":"Infinity"}\`,
\`{"$bigint":"1"}\`, \`{"$bytes":"AAE="}\`; not in values of the codec \`json\`, which are plain JSON. A
key is a word; the key codecs \`tuple\` and \`zorder\` take JSON, \`binary\` takes \`0x\` and hex digits or
text.

Dates in keys, as in \`$date\`, are ISO 8601: \`2026-11-20\`, \`2026-11-20T10:03:05.250Z\`, with a space for
the T and an offset for the Z if you like. Without an offset they are UTC: a date alone is midnight.
Digits beyond milliseconds are left out. Days, times and offsets that do not exist are refused; so
are 24:00, leap seconds, years alone, and numbers.

A number beyond the largest one (1e999) is refused, and in keys a number that would change:
9007199254740993 is 9007199254740992 to JavaScript. Every number that a program has printed is taken. In
values numbers are rounded, as everywhere in JavaScript: \`{"$bigint":"9007199254740993"}\` keeps all digits.

${VIEWS}

The prompt shows the directory or the stream, the store, the version and the transaction:
\`zverse:users@opening>\` reads the store users as of the tag opening; \`zverse shop*>\` is in the directory
shop, and has a transaction open. Ctrl-C stops an output or clears a line, Ctrl-D ends the session, Tab
completes commands, options, keys, nodes, tags, stores and indexes. \`NO_COLOR\` turns colours off. Typed
commands are kept in the file that \`ZVERSE_HISTORY\` names (empty: nowhere), else in \`zverse/history\`
below \`$XDG_STATE_HOME\` or \`~/.local/state\`.`

/** The whole page. */
export function reference(commands: readonly Command[], own: readonly Option[]): string {
  const options = ['## Options', optionTable(own)].join('\n\n')
  const groups = GROUPS.map(group => {
    const members = commands.filter(command => command.group === group)
    return [`## ${group}`, ...members.map(section)].join('\n\n')
  })
  return `${[BEGINNING, options, DIRECTORIES, REPLICAS, WORDS, ...groups].join('\n\n')}\n`
}

function section(command: Command): string {
  const examples = command.examples.map(({ title, transcript }) => {
    return `${title}\n\n\`\`\`\n${transcript.trim()}\n\`\`\``
  })
  const options = command.options.length === 0 ? [] : [optionTable(command.options)]
  const head = `### ${command.name}\n\n\`${usage(command)}\``
  return [head, `${sentence(command.summary)} ${command.details}`, ...options, ...examples].join(
    '\n\n',
  )
}

function optionTable(options: readonly Option[]): string {
  const rows = options.map(option => {
    return `| \`${optionForm(option).replaceAll('|', '\\|')}\` | ${option.summary} |`
  })
  return ['| option | |', '| --- | --- |', ...rows].join('\n')
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`
}
