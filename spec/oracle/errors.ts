/** The oracle's error, with a code that the contract names. */
export class OracleError extends Error {
  readonly code: string
  /** Fields that the engine's error must have too, with these values. */
  readonly fields: Readonly<Record<string, unknown>>

  constructor(code: string, fields: Record<string, unknown> = {}) {
    super(code)
    this.code = `ZVERSE_${code}`
    this.fields = fields
  }
}
