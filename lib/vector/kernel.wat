;; The inner loop of vector search, for WebAssembly with SIMD. `spec/vector/kernel-bytes.spec.ts` makes lib/vector/kernel-bytes.ts of it.
(module
  (memory (export "memory") 1)

  ;; Writes to $out, as int32s, the inner products of the code at $query and each of $count codes, which lie one behind the
  ;; other at $codes. A code is $stride signed bytes, a multiple of 16.
  (func (export "dots")
    (param $query i32) (param $codes i32) (param $stride i32) (param $count i32) (param $out i32)
    (local $i i32) (local $sum v128) (local $a v128) (local $b v128)
    (block $done
      (loop $each
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $sum (v128.const i32x4 0 0 0 0))
        (local.set $i (i32.const 0))
        (loop $next
          (local.set $a (v128.load (i32.add (local.get $query) (local.get $i))))
          (local.set $b (v128.load (i32.add (local.get $codes) (local.get $i))))
          (local.set $sum
            (i32x4.add
              (local.get $sum)
              (i32x4.add
                (i32x4.dot_i16x8_s
                  (i16x8.extend_low_i8x16_s (local.get $a))
                  (i16x8.extend_low_i8x16_s (local.get $b)))
                (i32x4.dot_i16x8_s
                  (i16x8.extend_high_i8x16_s (local.get $a))
                  (i16x8.extend_high_i8x16_s (local.get $b))))))
          (br_if $next
            (i32.lt_u
              (local.tee $i (i32.add (local.get $i) (i32.const 16)))
              (local.get $stride))))
        (i32.store
          (local.get $out)
          (i32.add
            (i32.add
              (i32x4.extract_lane 0 (local.get $sum))
              (i32x4.extract_lane 1 (local.get $sum)))
            (i32.add
              (i32x4.extract_lane 2 (local.get $sum))
              (i32x4.extract_lane 3 (local.get $sum)))))
        (local.set $out (i32.add (local.get $out) (i32.const 4)))
        (local.set $codes (i32.add (local.get $codes) (local.get $stride)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $each)))))
