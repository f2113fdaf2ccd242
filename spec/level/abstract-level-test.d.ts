/** The suite that abstract-level publishes beside its code, without types. */
declare module 'abstract-level/test/index.js' {
  interface Common {
    test: import('tape').Harness
    factory(options?: object): object
  }
  export default function suite(common: Common): void
}

declare module 'tape' {
  interface Harness {
    (name: string, body: (t: object) => void): void
    onFinish(callback: () => void): void
    createStream(): NodeJS.ReadableStream
  }
  interface Test {
    pass(message?: string, extra?: object): void
    same(actual: unknown, expected: unknown, message?: string, extra?: object): void
  }
  const tape: Harness & { createHarness(): Harness; Test: { prototype: Test } }
  export default tape
}
