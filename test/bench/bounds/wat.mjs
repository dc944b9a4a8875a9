/**
 * The sweeps that pooling is held against, as WebAssembly text: they touch every byte of a map and do the least that
 * any kernel must. Four accumulators: eight would not fit the registers, nor would four masks beside four maxima,
 * which made the sweep two and a half times as slow.
 */
/** A line for each accumulator: `%` is its number, `&` that modulo two, `%@` its place in 64 bytes. */
const each = (line) =>
  [0, 1, 2, 3]
    .map((k) =>
      line
        .replaceAll('%@', 16 * k)
        .replaceAll('%', k)
        .replaceAll('&', k % 2),
    )
    .join('\n');

/** A loop over 64 bytes at a time. */
const sweep = (body) => `
  (local.set $end (i32.add (local.get $at) (local.get $bytes)))
  (loop $next
    ${body}
    (local.set $at (i32.add (local.get $at) (i32.const 64)))
    (br_if $next (i32.lt_u (local.get $at) (local.get $end))))`;

const splat = (value) => `(f32x4.splat (f32.const ${value}))`;
const lane = (k, of) => `(f32x4.extract_lane ${k} (local.get $${of}))`;

/**
 * A sweep many times over, by turns over inputs that lie one after the other: for hosts to whom a call costs as much as a sweep
 * over a small map.
 */
const repeated = (name, use) => `
  (func (export "${name}Times") (param $at i32) (param $bytes i32) (param $inputs i32) (param $times i32)
    (local $turn i32)
    (loop $next
      ${use.replace(
        '%',
        `(call $${name}
        (i32.add
          (local.get $at)
          (i32.mul (local.get $bytes) (i32.rem_u (local.get $turn) (local.get $inputs))))
        (local.get $bytes))`,
      )}
      (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $turn) (local.get $times)))))`;

export const bounds = `
(module
  (memory (export "memory") 1)

  ;; Grows the memory by pages.
  (func (export "reserve") (param $pages i32) (result i32) (memory.grow (local.get $pages)))

  ;; The maximum of all cells, NaN if any is: a maximum and a NaN mask, as PyTorch's rule demands.
  (func $maximum (export "maximum") (param $at i32) (param $bytes i32) (result f32)
    (local $end i32) (local $n0 v128) (local $n1 v128)
    ${each('(local $m% v128) (local $v% v128)')}
    ${each(`(local.set $m% ${splat('-inf')})`)}
    ${sweep(
      each('(local.set $v% (v128.load offset=%@ (local.get $at)))') +
        each('(local.set $m% (f32x4.pmax (local.get $m%) (local.get $v%)))') +
        each('(local.set $n& (v128.or (local.get $n&) (f32x4.ne (local.get $v%) (local.get $v%))))'),
    )}
    (local.set $m0 (f32x4.max (f32x4.max (local.get $m0) (local.get $m1)) (f32x4.max (local.get $m2) (local.get $m3))))
    (if (v128.any_true (v128.or (local.get $n0) (local.get $n1))) (then (return (f32.const nan))))
    (f32.max (f32.max ${lane(0, 'm0')} ${lane(1, 'm0')}) (f32.max ${lane(2, 'm0')} ${lane(3, 'm0')})))

  ;; The place of the first maximum: a comparison, a maximum and a selection of the index.
  (func $place (export "place") (param $at i32) (param $bytes i32) (result i32)
    (local $end i32) (local $index v128) (local $best f32) (local $first i32)
    ${each('(local $m% v128) (local $i% v128) (local $v% v128)')}
    ${each(`(local.set $m% ${splat('-inf')})`)}
    (local.set $first (i32.const -1))
    ${sweep(
      `${
        each('(local.set $v% (v128.load offset=%@ (local.get $at)))') +
        each(
          '(local.set $i% (v128.bitselect (local.get $index) (local.get $i%) (f32x4.gt (local.get $v%) (local.get $m%))))',
        ) +
        each('(local.set $m% (f32x4.pmax (local.get $m%) (local.get $v%)))')
      }
      (local.set $index (i32x4.add (local.get $index) (i32x4.splat (i32.const 16))))`,
    )}
    (local.set $best (f32.const -inf))
    ${[0, 1, 2, 3]
      .flatMap((k) => [0, 1, 2, 3].map((l) => [k, l]))
      .map(
        ([k, l]) => `
    (if (i32.or
          (f32.gt ${lane(l, `m${k}`)} (local.get $best))
          (i32.and
            (f32.eq ${lane(l, `m${k}`)} (local.get $best))
            (i32.lt_u
              (i32.add (i32x4.extract_lane ${l} (local.get $i${k})) (i32.const ${4 * k + l}))
              (local.get $first))))
      (then
        (local.set $best ${lane(l, `m${k}`)})
        (local.set $first (i32.add (i32x4.extract_lane ${l} (local.get $i${k})) (i32.const ${4 * k + l})))))`,
      )
      .join('')}
    (local.get $first))

  ;; Zeros.
  (func $fill (export "fill") (param $at i32) (param $bytes i32)
    (memory.fill (local.get $at) (i32.const 0) (local.get $bytes)))
  ${repeated('maximum', '(drop %)')}
  ${repeated('place', '(drop %)')}
  ${repeated('fill', '%')})
`;
