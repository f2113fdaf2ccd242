/**
 * The packages of NATS, which are optional: they are loaded when a log opens. Any thread; no state.
 */
import type * as JetStream from '@nats-io/jetstream'
import type * as Node from '@nats-io/transport-node'

/** What is used of them. */
export interface Peers {
  readonly node: typeof Node
  readonly jetstream: typeof JetStream
}

const PACKAGES = '@nats-io/transport-node @nats-io/jetstream'

/** @throws Error that says what to install, where a package is missing */
export async function peers(): Promise<Peers> {
  try {
    const [node, jetstream] = await Promise.all([
      import('@nats-io/transport-node'),
      import('@nats-io/jetstream'),
    ])
    return { node, jetstream }
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    const message = `zverse/nats needs packages that are not there: npm install ${PACKAGES}`
    throw new Error(message, { cause })
  }
}
