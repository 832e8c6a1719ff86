;; Sums and rolling windows over doubles, two at a time. scripts/build-wasm.mjs compiles this file into kernels.wasm.ts;
;; scalar.ts does the same operations in the same order, so that both give the same bits: change them together.
;;
;; Every address is in bytes and a double takes 8. Running sums are kept at $lanes: read first, written back last, so that an
;; array may be summed in pieces. Nothing here handles the one to three values left over by whole blocks: the caller does.
(module
  (import "host" "memory" (memory 1))

  ;; Adds $count values, a multiple of 4, into four lanes: value i into lane i mod 4.
  ;;
  ;;   $values | x0 x1 | x2 x3 | x4 x5 | x6 x7 | ...
  ;;           |  low  | high  |  low  | high  |
  ;;   $lanes  | s0 s1 | s2 s3 |
  ;;
  ;; Two vectors, because one addition must wait for the one before it in the same vector but not for the other's.
  (func (export "sum") (param $values i32) (param $count i32) (param $lanes i32)
    (local $end i32) (local $low v128) (local $high v128)
    (local.set $end (i32.add (local.get $values) (i32.shl (local.get $count) (i32.const 3))))
    (local.set $low (v128.load (local.get $lanes)))
    (local.set $high (v128.load offset=16 (local.get $lanes)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $values) (local.get $end)))
        (local.set $low (f64x2.add (local.get $low) (v128.load (local.get $values))))
        (local.set $high (f64x2.add (local.get $high) (v128.load offset=16 (local.get $values))))
        (local.set $values (i32.add (local.get $values) (i32.const 32)))
        (br $next)))
    (v128.store (local.get $lanes) (local.get $low))
    (v128.store offset=16 (local.get $lanes) (local.get $high)))

  ;; As $sum, of value * weight into lanes 0 to 3 and of the weights alone into lanes 4 to 7.
  (func (export "weigh") (param $values i32) (param $weights i32) (param $count i32) (param $lanes i32)
    (local $end i32) (local $weight v128)
    (local $low v128) (local $high v128) (local $weightLow v128) (local $weightHigh v128)
    (local.set $end (i32.add (local.get $values) (i32.shl (local.get $count) (i32.const 3))))
    (local.set $low (v128.load (local.get $lanes)))
    (local.set $high (v128.load offset=16 (local.get $lanes)))
    (local.set $weightLow (v128.load offset=32 (local.get $lanes)))
    (local.set $weightHigh (v128.load offset=48 (local.get $lanes)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $values) (local.get $end)))
        (local.set $weight (v128.load (local.get $weights)))
        (local.set $low
          (f64x2.add (local.get $low) (f64x2.mul (v128.load (local.get $values)) (local.get $weight))))
        (local.set $weightLow (f64x2.add (local.get $weightLow) (local.get $weight)))
        (local.set $weight (v128.load offset=16 (local.get $weights)))
        (local.set $high
          (f64x2.add (local.get $high) (f64x2.mul (v128.load offset=16 (local.get $values)) (local.get $weight))))
        (local.set $weightHigh (f64x2.add (local.get $weightHigh) (local.get $weight)))
        (local.set $values (i32.add (local.get $values) (i32.const 32)))
        (local.set $weights (i32.add (local.get $weights) (i32.const 32)))
        (br $next)))
    (v128.store (local.get $lanes) (local.get $low))
    (v128.store offset=16 (local.get $lanes) (local.get $high))
    (v128.store offset=32 (local.get $lanes) (local.get $weightLow))
    (v128.store offset=48 (local.get $lanes) (local.get $weightHigh)))

  ;; Adds the five sums a correlation is made of, over $count pairs, a multiple of 2: pair i into lane i mod 2, with
  ;; x = a - $pivotA and y = b - $pivotB.
  ;;
  ;;   $lanes | x x | y y | xx xx | yy yy | xy xy |
  ;;
  ;; One vector for each: five independent additions fill the time one takes.
  (func (export "moments") (param $a i32) (param $b i32) (param $count i32) (param $lanes i32)
    (param $pivotA f64) (param $pivotB f64)
    (local $end i32) (local $pivotsA v128) (local $pivotsB v128) (local $dx v128) (local $dy v128)
    (local $x v128) (local $y v128) (local $xx v128) (local $yy v128) (local $xy v128)
    (local.set $end (i32.add (local.get $a) (i32.shl (local.get $count) (i32.const 3))))
    (local.set $pivotsA (f64x2.splat (local.get $pivotA)))
    (local.set $pivotsB (f64x2.splat (local.get $pivotB)))
    (local.set $x (v128.load (local.get $lanes)))
    (local.set $y (v128.load offset=16 (local.get $lanes)))
    (local.set $xx (v128.load offset=32 (local.get $lanes)))
    (local.set $yy (v128.load offset=48 (local.get $lanes)))
    (local.set $xy (v128.load offset=64 (local.get $lanes)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $a) (local.get $end)))
        (local.set $dx (f64x2.sub (v128.load (local.get $a)) (local.get $pivotsA)))
        (local.set $dy (f64x2.sub (v128.load (local.get $b)) (local.get $pivotsB)))
        (local.set $x (f64x2.add (local.get $x) (local.get $dx)))
        (local.set $y (f64x2.add (local.get $y) (local.get $dy)))
        (local.set $xx (f64x2.add (local.get $xx) (f64x2.mul (local.get $dx) (local.get $dx))))
        (local.set $yy (f64x2.add (local.get $yy) (f64x2.mul (local.get $dy) (local.get $dy))))
        (local.set $xy (f64x2.add (local.get $xy) (f64x2.mul (local.get $dx) (local.get $dy))))
        (local.set $a (i32.add (local.get $a) (i32.const 16)))
        (local.set $b (i32.add (local.get $b) (i32.const 16)))
        (br $next)))
    (v128.store (local.get $lanes) (local.get $x))
    (v128.store offset=16 (local.get $lanes) (local.get $y))
    (v128.store offset=32 (local.get $lanes) (local.get $xx))
    (v128.store offset=48 (local.get $lanes) (local.get $yy))
    (v128.store offset=64 (local.get $lanes) (local.get $xy)))

  ;; Converts $count floats, a multiple of 4, to doubles: exact, so the kernels above need no second form for floats.
  (func (export "widen") (param $floats i32) (param $count i32) (param $doubles i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $floats) (i32.shl (local.get $count) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $floats) (local.get $end)))
        (v128.store (local.get $doubles) (f64x2.promote_low_f32x4 (v128.load64_zero (local.get $floats))))
        (v128.store offset=16 (local.get $doubles)
          (f64x2.promote_low_f32x4 (v128.load64_zero offset=8 (local.get $floats))))
        (local.set $floats (i32.add (local.get $floats) (i32.const 16)))
        (local.set $doubles (i32.add (local.get $doubles) (i32.const 32)))
        (br $next))))

  ;; The means of $count windows of $window values, the first window at $values.
  ;;
  ;; Windows are taken in groups of $window. All windows of a group hold the value e, at which the first of them ends, so each
  ;; is a run that ends at e and a run that starts behind it:
  ;;
  ;;   values    a  b  c  d  e | f  g  h  i        $window = 5
  ;;   window 0 [a  b  c  d  e]|                   suffix 0
  ;;   window 1    [b  c  d  e | f]                suffix 1 + prefix 1
  ;;   window 2       [c  d  e | f  g]             suffix 2 + prefix 2     ... up to window 4, [e | f g h i]
  ;;
  ;; Suffixes are summed downwards from e, prefixes upwards from f. Nothing is subtracted: no error is carried from group to
  ;; group, and a NaN is gone with the windows that hold it.
  ;;
  ;; A pair (a, b) moves both its running sums with one addition each, of terms that do not wait for the sum:
  ;;
  ;;   suffixes   (sum, sum) + (a + b, b)          prefixes   (sum, sum) + (0, a)         then sum += a + b
  ;;
  ;; $suffixes has room for $window + 1 doubles, of which the first is written when $window is odd and means nothing. For the
  ;; same reason up to 8 bytes before $values and 16 behind its last window are read; they reach no result.
  (func (export "rollingMean")
    (param $values i32) (param $count i32) (param $window i32) (param $means i32) (param $suffixes i32)
    (local $from i32) (local $to i32) (local $left i32)
    (local $zero v128) (local $length v128) (local $pair v128) (local $sum v128) (local $mean v128)
    (local.set $length (f64x2.splat (f64.convert_i32_u (local.get $window))))
    (block $done
      (loop $group
        (br_if $done (i32.eqz (local.get $count)))

        ;; Suffixes, from the pair (d, e) down.
        (local.set $sum (local.get $zero))
        (local.set $from (i32.add (local.get $values) (i32.shl (i32.sub (local.get $window) (i32.const 2)) (i32.const 3))))
        (local.set $to (i32.add (local.get $suffixes) (i32.shl (i32.sub (local.get $window) (i32.const 1)) (i32.const 3))))
        (loop $down
          (local.set $pair (v128.load (local.get $from)))
          (v128.store (local.get $to)
            (f64x2.add (local.get $sum)
              (f64x2.add (local.get $pair) ;; (b, 0)
                (i8x16.shuffle 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 (local.get $pair) (local.get $zero)))))
          (local.set $sum
            (f64x2.add (local.get $sum)
              (f64x2.add (local.get $pair) ;; (b, a)
                (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $pair) (local.get $pair)))))
          (local.set $from (i32.sub (local.get $from) (i32.const 16)))
          (local.set $to (i32.sub (local.get $to) (i32.const 16)))
          (br_if $down (i32.ge_s (local.get $to) (local.get $suffixes))))

        ;; Prefixes, from f up, each joined with its suffix; the last group may be short.
        (local.set $left (select (local.get $count) (local.get $window) (i32.lt_u (local.get $count) (local.get $window))))
        (local.set $count (i32.sub (local.get $count) (local.get $left)))
        (local.set $values (i32.add (local.get $values) (i32.shl (local.get $window) (i32.const 3))))
        (local.set $sum (local.get $zero))
        (local.set $from (local.get $values))
        (local.set $to (i32.add (local.get $suffixes) (i32.const 8)))
        (loop $up
          (local.set $pair (v128.load (local.get $from)))
          (local.set $mean
            (f64x2.div
              (f64x2.add
                (v128.load (local.get $to))
                (f64x2.add (local.get $sum) ;; (0, a)
                  (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $zero) (local.get $pair))))
              (local.get $length)))
          (if (i32.eq (local.get $left) (i32.const 1))
            (then
              (v128.store64_lane 0 (local.get $means) (local.get $mean))
              (local.set $means (i32.add (local.get $means) (i32.const 8)))
              (br $group)))
          (v128.store (local.get $means) (local.get $mean))
          (local.set $means (i32.add (local.get $means) (i32.const 16)))
          (local.set $sum
            (f64x2.add (local.get $sum)
              (f64x2.add (local.get $pair)
                (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $pair) (local.get $pair)))))
          (local.set $from (i32.add (local.get $from) (i32.const 16)))
          (local.set $to (i32.add (local.get $to) (i32.const 16)))
          (local.set $left (i32.sub (local.get $left) (i32.const 2)))
          (br_if $up (local.get $left)))
        (br $group))))

  ;; The population variances of the same windows: (sum of y^2 - (sum of y)^2 / $window) / $window with y = value - e, both
  ;; divisions done by multiplying with 1 / $window, as they would take most of the time.
  ;;
  ;; e belongs to every window of its group, so it is at most sqrt($window - 1) standard deviations from the window's mean:
  ;; however large the values, the difference loses a bounded number of digits.
  ;;
  ;; Here one vector is one value's (y, y^2), and both sums grow by one addition. $suffixes has room for $window vectors.
  (func (export "rollingVariance")
    (param $values i32) (param $count i32) (param $window i32) (param $variances i32) (param $suffixes i32)
    (local $from i32) (local $to i32) (local $left i32)
    (local $pivot f64) (local $y f64) (local $share f64) (local $sum v128) (local $joined v128)
    (local.set $share (f64.div (f64.const 1) (f64.convert_i32_u (local.get $window))))
    (block $done
      (loop $group
        (br_if $done (i32.eqz (local.get $count)))

        ;; Suffixes, from e down.
        (local.set $sum (v128.const f64x2 0 0))
        (local.set $from (i32.add (local.get $values) (i32.shl (i32.sub (local.get $window) (i32.const 1)) (i32.const 3))))
        (local.set $to (i32.add (local.get $suffixes) (i32.shl (i32.sub (local.get $window) (i32.const 1)) (i32.const 4))))
        (local.set $pivot (f64.load (local.get $from)))
        (loop $down
          (local.set $y (f64.sub (f64.load (local.get $from)) (local.get $pivot)))
          (local.set $sum
            (f64x2.add (local.get $sum)
              (f64x2.replace_lane 1 (f64x2.splat (local.get $y)) (f64.mul (local.get $y) (local.get $y)))))
          (v128.store (local.get $to) (local.get $sum))
          (local.set $from (i32.sub (local.get $from) (i32.const 8)))
          (local.set $to (i32.sub (local.get $to) (i32.const 16)))
          (br_if $down (i32.ge_s (local.get $to) (local.get $suffixes))))

        ;; Prefixes, from f up, each joined with its suffix; the last group may be short.
        (local.set $left (select (local.get $count) (local.get $window) (i32.lt_u (local.get $count) (local.get $window))))
        (local.set $count (i32.sub (local.get $count) (local.get $left)))
        (local.set $values (i32.add (local.get $values) (i32.shl (local.get $window) (i32.const 3))))
        (local.set $sum (v128.const f64x2 0 0))
        (local.set $from (local.get $values))
        (local.set $to (local.get $suffixes))
        (loop $up
          (local.set $joined (f64x2.add (v128.load (local.get $to)) (local.get $sum)))
          (local.set $y (f64x2.extract_lane 0 (local.get $joined)))
          (local.set $y
            (f64.mul
              (f64.sub
                (f64x2.extract_lane 1 (local.get $joined))
                (f64.mul (f64.mul (local.get $y) (local.get $y)) (local.get $share)))
              (local.get $share)))
          (f64.store (local.get $variances) ;; rounding may leave a little less than nothing; NaN stays
            (select (f64.const 0) (local.get $y) (f64.lt (local.get $y) (f64.const 0))))
          (local.set $variances (i32.add (local.get $variances) (i32.const 8)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $group (i32.eqz (local.get $left)))
          (local.set $y (f64.sub (f64.load (local.get $from)) (local.get $pivot)))
          (local.set $sum
            (f64x2.add (local.get $sum)
              (f64x2.replace_lane 1 (f64x2.splat (local.get $y)) (f64.mul (local.get $y) (local.get $y)))))
          (local.set $from (i32.add (local.get $from) (i32.const 8)))
          (local.set $to (i32.add (local.get $to) (i32.const 16)))
          (br $up))))))
