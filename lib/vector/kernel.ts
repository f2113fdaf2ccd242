/**
 * Inner products of many vectors of signed bytes, in memory of their own: by SIMD in WebAssembly, which kernel.wat is the
 * source of, or in plain JavaScript where there is none; both give the same to the bit. One for each handle; no user code runs.
 *
 * Invariant: the views are good until `reserve`, which may replace them; what lies in the memory stays.
 */
import { Buffer } from 'node:buffer'
import { granted } from '../memory/granted.js'
import { KERNEL } from './kernel-bytes.js'

const PAGE = 65_536
/** Bytes at the begin of a kernel's memory that are its own. */
export const OWN_BYTES = 32_768

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  dots(query: number, codes: number, stride: number, count: number, out: number): void
}

/** The part of WebAssembly that is used: its types are none of Node's own. */
interface Wasm {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

export abstract class Kernel {
  i8: Int8Array = new Int8Array(0)
  i32: Int32Array = new Int32Array(0)
  u32: Uint32Array = new Uint32Array(0)
  f32: Float32Array = new Float32Array(0)
  #bytes: Buffer = Buffer.alloc(0)

  /** Has memory for so many bytes. @throws ZVerseError `ZVERSE_FULL` */
  abstract reserve(bytes: number): void

  /**
   * Writes the inner products of the code at byte `query` and each of `count` codes, which lie one behind the other from byte
   * `codes` on, as int32s from byte `out` on.
   * @param stride bytes of a code, a multiple of 16
   */
  abstract dots(query: number, codes: number, stride: number, count: number, out: number): void

  /**
   * Copies words to word `to` of the memory. Where they are shared, `fill` with as many bytes is a plain copy, and twice as
   * fast as `set`, which takes care of what nobody changes here.
   */
  copy(words: Uint32Array, from: number, count: number, to: number): void {
    const { buffer, byteOffset } = words
    const bytes = new Uint8Array(buffer, byteOffset + 4 * from, 4 * count)
    this.#bytes.fill(bytes, 4 * to, 4 * (to + count))
  }

  protected view(buffer: ArrayBuffer): void {
    this.#bytes = Buffer.from(buffer)
    this.i8 = new Int8Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.f32 = new Float32Array(buffer)
  }
}

class WasmKernel extends Kernel {
  readonly #exports: Exports

  constructor(exports: Exports) {
    super()
    this.#exports = exports
    this.view(exports.memory.buffer)
  }

  reserve(bytes: number): void {
    const { memory } = this.#exports
    const has = this.i8.length
    if (bytes <= has) return
    const pages = Math.ceil((Math.max(bytes, 1.25 * has) - has) / PAGE)
    granted('vectors', () => memory.grow(pages))
    this.view(memory.buffer)
  }

  dots(query: number, codes: number, stride: number, count: number, out: number): void {
    this.#exports.dots(query, codes, stride, count, out)
  }
}

/** @internal The same in JavaScript. */
export class PlainKernel extends Kernel {
  reserve(bytes: number): void {
    const { i8 } = this
    if (bytes <= i8.length) return
    const larger = granted(
      'vectors',
      () => new Int8Array(Math.ceil(Math.max(bytes, 1.25 * i8.length) / 4) * 4),
    )
    larger.set(i8)
    this.view(larger.buffer)
  }

  dots(query: number, codes: number, stride: number, count: number, out: number): void {
    const { i8, i32 } = this
    for (let k = 0, at = codes; k < count; k++, at += stride) {
      let sum = 0
      for (let i = 0; i < stride; i++) sum += i8[query + i] * i8[at + i]
      i32[out / 4 + k] = sum
    }
  }
}

/** A kernel with memory of its own. */
export function makeKernel(): Kernel {
  const { WebAssembly: wasm } = globalThis as { WebAssembly?: Wasm }
  if (wasm === undefined) return new PlainKernel()
  try {
    const instance = new wasm.Instance(new wasm.Module(Buffer.from(KERNEL, 'base64')))
    return new WasmKernel(instance.exports as Exports)
  } catch {
    // No SIMD, or no memory that may be run (`--jitless`).
    return new PlainKernel()
  }
}
