/** The types of the package `morton`, which has none. */
declare module 'morton' {
  /**
   * The Morton code of two integers, `y` giving the higher bit of each pair. Exact for integers from 0
   * to 2^24 - 1; anything else it takes without a word and answers wrongly.
   */
  function morton(x: number, y: number): number
  export = morton
}
