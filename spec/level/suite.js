/**
 * Level's public suite, as it is published, over ZVerseLevel: TAP on the standard output.
 *
 *     node spec/level/suite.js fresh      a database of its own for each test
 */
import suite from 'abstract-level/test/index.js'
import test from 'tape'
import { ZVerseLevel } from '../../dist/level/index.js'

suite({ test, factory: options => new ZVerseLevel(options) })
