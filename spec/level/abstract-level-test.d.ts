/** The suite that abstract-level publishes beside its code, without types. */
declare module 'abstract-level/test/index.js' {
  interface Common {
    test: typeof import('tape')
    factory(options?: object): object
  }
  export default function suite(common: Common): void
}

declare module 'tape' {
  function test(name: string, body: (t: object) => void): void
  namespace test {
    function onFinish(callback: () => void): void
  }
  export = test
}
