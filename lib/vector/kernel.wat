;; The inner loop of vector search, for WebAssembly with SIMD. `spec/vector/kernel-bytes.spec.ts` makes lib/vector/kernel-bytes.ts
;; of it.
(module
  (memory (export "memory") 1)

  ;; Writes to $out, as int32s, the inner products of the code at $query and each of $count codes, which lie one behind the
  ;; other at $codes. A code is $stride signed bytes, a multiple of 16, and at most 16 384. The first 32 768 bytes of the memory
  ;; are for the query as 16-bit numbers. Two codes are taken at a time, so that each part of the query is loaded for both.
  (func (export "dots")
    (param $query i32) (param $codes i32) (param $stride i32) (param $count i32) (param $out i32)
    (local $i i32) (local $other i32)
    (local $sum v128) (local $sum2 v128) (local $low v128) (local $high v128)
    (loop $widen
      (v128.store
        (i32.shl (local.get $i) (i32.const 1))
        (v128.load8x8_s (i32.add (local.get $query) (local.get $i))))
      (br_if $widen
        (i32.lt_u
          (local.tee $i (i32.add (local.get $i) (i32.const 8)))
          (local.get $stride))))
    (block $done
      (loop $pair
        (br_if $done (i32.le_s (local.get $count) (i32.const 0)))
        ;; The last one, where it has no other, is taken twice.
        (local.set $other
          (select
            (i32.add (local.get $codes) (local.get $stride))
            (local.get $codes)
            (i32.gt_s (local.get $count) (i32.const 1))))
        (local.set $sum (v128.const i32x4 0 0 0 0))
        (local.set $sum2 (v128.const i32x4 0 0 0 0))
        (local.set $i (i32.const 0))
        (loop $next
          (local.set $low (v128.load (i32.shl (local.get $i) (i32.const 1))))
          (local.set $high (v128.load offset=16 (i32.shl (local.get $i) (i32.const 1))))
          (local.set $sum
            (i32x4.add
              (local.get $sum)
              (i32x4.add
                (i32x4.dot_i16x8_s
                  (local.get $low)
                  (v128.load8x8_s (i32.add (local.get $codes) (local.get $i))))
                (i32x4.dot_i16x8_s
                  (local.get $high)
                  (v128.load8x8_s offset=8 (i32.add (local.get $codes) (local.get $i)))))))
          (local.set $sum2
            (i32x4.add
              (local.get $sum2)
              (i32x4.add
                (i32x4.dot_i16x8_s
                  (local.get $low)
                  (v128.load8x8_s (i32.add (local.get $other) (local.get $i))))
                (i32x4.dot_i16x8_s
                  (local.get $high)
                  (v128.load8x8_s offset=8 (i32.add (local.get $other) (local.get $i)))))))
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
        (if (i32.gt_s (local.get $count) (i32.const 1))
          (then
            (i32.store offset=4
              (local.get $out)
              (i32.add
                (i32.add
                  (i32x4.extract_lane 0 (local.get $sum2))
                  (i32x4.extract_lane 1 (local.get $sum2)))
                (i32.add
                  (i32x4.extract_lane 2 (local.get $sum2))
                  (i32x4.extract_lane 3 (local.get $sum2)))))))
        (local.set $out (i32.add (local.get $out) (i32.const 8)))
        (local.set $codes (i32.add (local.get $other) (local.get $stride)))
        (local.set $count (i32.sub (local.get $count) (i32.const 2)))
        (br $pair)))))
