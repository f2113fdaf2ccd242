/** Commands that read and write files. */
import type { Command } from '../command.js'

export const FILES: readonly Command[] = []
