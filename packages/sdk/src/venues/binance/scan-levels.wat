;; Reads levels, `["price","size"]`, from the text of a frame, a number at a time: sixteen bytes at once, without a branch on any of them.
;; packages/perf/scripts/build-wasm.mjs compiles this file into scan-levels.wasm.ts; level-tables.ts makes what it looks up.
;;
;;   text      6  1  0  0  0  .  1  5  0  0  0  0  0  0  "  ,     of 61000.15000000 in ticks of 0.01
;;   template  0  0  0  0  0  .  0  0  0  0  0  0  0  0  0  0     the digit 0, not the byte
;;   text xor template gives digits as 0 to 9, and 0 for a byte that is the template's own
;;   limit     9  9  9  9  9  0  9  9  0  0  0  0  0  0 255 255   what each may be at most: the whole number is checked by this
;;   order     .  .  .  .  .  .  .  .  .  0  1  2  3  4  6  7     the byte for each of sixteen digits: 0000000006100015
;;
;; A table has these three for every count of digits before the mark, 48 bytes each, and at 432 how many bytes follow those digits.
;; Addresses are in bytes.
(module
  (import "host" "memory" (memory 1))

  ;; Reads levels from $at on, the first byte of a price, into two columns of doubles behind the $count that are there. Stops at the end of
  ;; the list, or before the first level of another form than the tables'. The new count goes to address 0. Returns the address behind the
  ;; list's "]]", all bits inverted, or that of the price that it does not read.
  (func (export "read") (param $at i32) (param $price i32) (param $size i32) (param $ticks i32) (param $lots i32) (param $count i32)
    (result i32)
    (local $table i32) (local $row i32) (local $digits i32) (local $usual i32) (local $result i32) (local $toLots i32)
    (local $word i64) (local $text v128) (local $value f64)
    (local.set $toLots (i32.sub (local.get $lots) (local.get $ticks)))
    (local.set $lots (i32.add (local.get $lots) (i32.shl (local.get $count) (i32.const 3)))) ;; where the next size goes
    (local.set $result (local.get $at))
    (local.set $table (local.get $price))
    (block $done
      (loop $next
        ;; How many digits there are before the mark: 0 to 7, or 8 for more. A byte of 10 and more carries into its highest bit.
        (local.set $word (i64.xor (i64.load (local.get $at)) (i64.const 0x3030303030303030)))
        (local.set $digits
          (i32.shr_u
            (i32.wrap_i64
              (i64.ctz
                (i64.and
                  (i64.or (local.get $word) (i64.add (local.get $word) (i64.const 0x7676767676767676)))
                  (i64.const 0x8080808080808080))))
            (i32.const 3)))
        (local.set $row (i32.add (local.get $table) (i32.mul (local.get $digits) (i32.const 48))))
        (local.set $text (v128.xor (v128.load (local.get $at)) (v128.load (local.get $row))))
        (br_if $done (v128.any_true (i8x16.gt_u (local.get $text) (v128.load offset=16 (local.get $row)))))
        ;; Sixteen digits into pairs, fours, and two numbers of eight.
        (local.set $text (i8x16.swizzle (local.get $text) (v128.load offset=32 (local.get $row))))
        (local.set $text
          (i16x8.shr_u
            (i16x8.mul (local.get $text) (v128.const i16x8 0x0a01 0x0a01 0x0a01 0x0a01 0x0a01 0x0a01 0x0a01 0x0a01))
            (i32.const 8)))
        (local.set $text (i32x4.dot_i16x8_s (local.get $text) (v128.const i16x8 100 1 100 1 100 1 100 1)))
        (local.set $text (i16x8.narrow_i32x4_s (local.get $text) (local.get $text)))
        (local.set $text (i32x4.dot_i16x8_s (local.get $text) (v128.const i16x8 10000 1 10000 1 10000 1 10000 1)))
        (local.set $value
          (f64.add
            (f64.mul (f64.convert_i32_s (i32x4.extract_lane 0 (local.get $text))) (f64.const 1e8))
            (f64.convert_i32_s (i32x4.extract_lane 1 (local.get $text)))))
        ;; Prices and sizes go by turns. Prices mostly have as many digits as the one before: a branch that is foretold lets the next number
        ;; be begun before these are counted.
        (if (i32.eq (local.get $table) (local.get $price))
          (then
            (if (i32.ne (local.get $digits) (local.get $usual)) (then (local.set $usual (local.get $digits))))
            (local.set $at (i32.add (i32.add (local.get $at) (local.get $usual)) (i32.load offset=432 (local.get $table))))
            (br_if $done (i32.ne (i32.and (i32.load (local.get $at)) (i32.const 0xffffff)) (i32.const 0x222c22))) ;; ","
            (f64.store (i32.sub (local.get $lots) (local.get $toLots)) (local.get $value))
            (local.set $at (i32.add (local.get $at) (i32.const 3)))
            (local.set $table (local.get $size))
            (br $next)))
        (local.set $at (i32.add (i32.add (local.get $at) (local.get $digits)) (i32.load offset=432 (local.get $table))))
        (f64.store (local.get $lots) (local.get $value))
        (local.set $table (local.get $price))
        (if (i32.ne (i32.load (local.get $at)) (i32.const 0x5b2c5d22)) ;; "],[
          (then
            (br_if $done (i32.ne (i32.and (i32.load (local.get $at)) (i32.const 0xffffff)) (i32.const 0x5d5d22))) ;; "]]
            (local.set $lots (i32.add (local.get $lots) (i32.const 8)))
            (local.set $result (i32.xor (i32.add (local.get $at) (i32.const 3)) (i32.const -1)))
            (br $done)))
        (br_if $done (i32.ne (i32.load8_u offset=4 (local.get $at)) (i32.const 34))) ;; "
        (local.set $lots (i32.add (local.get $lots) (i32.const 8)))
        (local.set $at (i32.add (local.get $at) (i32.const 5)))
        (local.set $result (local.get $at))
        (br $next)))
    (i32.store (i32.const 0)
      (i32.shr_u (i32.sub (i32.sub (local.get $lots) (local.get $toLots)) (local.get $ticks)) (i32.const 3)))
    (local.get $result)))
