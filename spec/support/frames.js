// @ts-check
/** Messages of several parts over a pipe, read and written while the thread waits. */
import { readSync, writeSync } from 'node:fs'

/** Bytes of a frame's length. */
const LENGTH = 4

/** @param {number} fd @param {Uint8Array} bytes */
function writeAll(fd, bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

/** @param {number} fd @param {number} length @returns {Buffer | undefined} none at the end */
function readAll(fd, length) {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; ) {
    const read = readSync(fd, bytes, at, length - at, null)
    if (read === 0) return undefined
    at += read
  }
  return bytes
}

/** @param {number} fd @param {readonly Uint8Array[]} parts */
export function send(fd, parts) {
  const lengths = Buffer.alloc(LENGTH * (1 + parts.length))
  lengths.writeUInt32LE(parts.length)
  parts.forEach((part, i) => {
    lengths.writeUInt32LE(part.length, LENGTH * (1 + i))
  })
  writeAll(fd, lengths)
  for (const part of parts) writeAll(fd, part)
}

/**
 * Waits for a message. @param {number} fd @returns {Buffer[] | undefined} none if the other end is gone
 */
export function receive(fd) {
  const count = readAll(fd, LENGTH)?.readUInt32LE()
  if (count === undefined) return undefined
  const lengths = readAll(fd, LENGTH * count)
  /** @type {Buffer[]} */
  const parts = []
  for (let i = 0; i < count; i++) {
    const part = lengths && readAll(fd, lengths.readUInt32LE(LENGTH * i))
    if (part === undefined) return undefined
    parts.push(part)
  }
  return parts
}
