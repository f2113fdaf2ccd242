/**
 * The log in JetStream keeps the contract of logs: the conformance suite, against one server and against three. Left out
 * where there is no server.
 */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { conformance } from '../../lib/replica/conformance.js'
import { findServer, NatsServers, sayLeftOut } from '../support/nats-server.js'
import { CuttingHarness } from './harness.js'

const file = findServer()
if (file === undefined) sayLeftOut()

describe.skipIf(file === undefined).each([1, 3])('a log in JetStream on %i servers', count => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await NatsServers.start(file as string, count)
  })
  afterAll(() => servers?.stop())

  it.each(conformance)('$name', async ({ run }) => {
    const harness = new CuttingHarness(servers.addresses, count)
    try {
      await run(harness)
    } finally {
      await harness.close()
    }
  })
})
