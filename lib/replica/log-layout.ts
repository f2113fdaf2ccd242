/**
 * The bytes of the log in a file. All numbers are little-endian; sequences, places, times are doubles.
 *
 * ```text
 * head    0 magic 'zverslog'   8 format   12 salt   16 base: sequence before the first record   24 checksum of these
 *        32 synced: the bytes of the file that were certainly on the disk once   40 checksum of it   44 nothing
 * 64     units, one behind the other:
 *         0 magic 'zunt'   4 length   8 checksum   12 kind (1 record, 2 the id of a trimmed one)   14 bytes of the id
 *        16 sequence   24 synced, when it was written   32 time, ms   40 id (UTF-8), then the bytes of the record
 * ```
 *
 * A checksum is CRC-32, seeded with the salt of the file and the place of the unit: no bytes of another file, nor of a
 * record's, are taken for a unit. `synced` of what was written later tells a unit that is damaged from a torn one.
 */
import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'

export const FORMAT = 1
export const HEAD_BYTES = 64
/** Of the second half of the head: it is written anew in its place. */
export const MARK_AT = 32
const MARK_BYTES = 12
const MAGIC = Buffer.from('zverslog')
export const UNIT_MAGIC = Buffer.from('zunt')
/** Of a unit, before its id. */
export const UNIT_BYTES = 40
/** A unit has no more: records have 64 MiB at most, ids 64 KiB. */
export const MOST_UNIT_BYTES = 2 ** 26 + 2 ** 16 + UNIT_BYTES

export const KIND_RECORD = 1
export const KIND_ID = 2

/** What the head says; `synced` 0 where it does not. */
export interface Head {
  readonly salt: number
  readonly base: number
  readonly synced: number
}

export interface Unit {
  readonly kind: number
  readonly sequence: number
  readonly synced: number
  readonly time: number
  readonly id: string
  /** A view. */
  readonly bytes: Uint8Array
}

const seedOf = (salt: number, at: number): number => (salt + at) >>> 0

export function headBytes({ salt, base, synced }: Head): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES)
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(FORMAT, 8)
  bytes.writeUInt32LE(salt, 12)
  bytes.writeDoubleLE(base, 16)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 24)), 24)
  markBytes(salt, synced).copy(bytes, MARK_AT)
  return bytes
}

/** The second half of the head. */
export function markBytes(salt: number, synced: number): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES)
  bytes.writeDoubleLE(synced)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 8), seedOf(salt, MARK_AT)), 8)
  return bytes
}

/** The head; 'other' where it is of no log, or another format; undefined where it is damaged. */
export function readHead(bytes: Buffer): Head | 'other' | undefined {
  if (bytes.length < HEAD_BYTES) return undefined
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return 'other'
  if (bytes.readUInt32LE(24) !== crc32(bytes.subarray(0, 24))) return undefined
  if (bytes.readUInt32LE(8) !== FORMAT) return 'other'
  const salt = bytes.readUInt32LE(12)
  const synced = bytes.readDoubleLE(MARK_AT)
  const isMarked = markBytes(salt, synced).equals(bytes.subarray(MARK_AT, MARK_AT + MARK_BYTES))
  return { salt, base: bytes.readDoubleLE(16), synced: isMarked ? synced : 0 }
}

/** Writes a unit for place `at` of a file. */
export function unitBytes(unit: Unit, salt: number, at: number): Buffer {
  const idBytes = Buffer.byteLength(unit.id)
  const bytes = Buffer.allocUnsafe(UNIT_BYTES + idBytes + unit.bytes.length)
  UNIT_MAGIC.copy(bytes)
  bytes.writeUInt32LE(bytes.length, 4)
  bytes.writeUInt16LE(unit.kind, 12)
  bytes.writeUInt16LE(idBytes, 14)
  bytes.writeDoubleLE(unit.sequence, 16)
  bytes.writeDoubleLE(unit.synced, 24)
  bytes.writeDoubleLE(unit.time, 32)
  bytes.write(unit.id, UNIT_BYTES)
  bytes.set(unit.bytes, UNIT_BYTES + idBytes)
  bytes.writeUInt32LE(checksumOf(bytes, salt, at), 8)
  return bytes
}

function checksumOf(unit: Uint8Array, salt: number, at: number): number {
  return crc32(unit.subarray(12), crc32(unit.subarray(0, 8), seedOf(salt, at)))
}

/** The length of the unit that begins with these bytes; 0 where none does. */
export function unitLength(bytes: Buffer): number {
  if (bytes.length < UNIT_BYTES || !bytes.subarray(0, 4).equals(UNIT_MAGIC)) return 0
  const length = bytes.readUInt32LE(4)
  return length < UNIT_BYTES || length > MOST_UNIT_BYTES ? 0 : length
}

/** The unit that these bytes are, all of them, at place `at`; undefined where they are none. */
export function readUnit(bytes: Buffer, salt: number, at: number): Unit | undefined {
  if (unitLength(bytes) !== bytes.length) return undefined
  if (bytes.readUInt32LE(8) !== checksumOf(bytes, salt, at)) return undefined
  const body = UNIT_BYTES + bytes.readUInt16LE(14)
  return {
    kind: bytes.readUInt16LE(12),
    sequence: bytes.readDoubleLE(16),
    synced: bytes.readDoubleLE(24),
    time: bytes.readDoubleLE(32),
    id: bytes.toString('utf8', UNIT_BYTES, body),
    bytes: bytes.subarray(body),
  }
}
