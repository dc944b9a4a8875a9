/**
 * Single instructions that the kernels rest on, as WebAssembly text: a loop with eight of them in a chain, where each waits for
 * the one before it. So small that an engine's machine code for one can be read at once.
 */

/** What a step does to the locals `$a` and `$b` (vectors), `$n` (an `i32`), `$x` and `$y` (`f32`). */
const steps = {
  'f32x4.pmax': '(local.set $a (f32x4.pmax (local.get $a) (local.get $b)))',
  'f32x4.max': '(local.set $a (f32x4.max (local.get $a) (local.get $b)))',
  'f32x4.gt, v128.bitselect':
    '(local.set $a (v128.bitselect (local.get $a) (local.get $b) (f32x4.gt (local.get $a) (local.get $b))))',
  'f32x4.ne, v128.or': '(local.set $a (v128.or (local.get $a) (f32x4.ne (local.get $b) (local.get $a))))',
  'v128.any_true':
    '(local.set $n (i32.add (local.get $n) (v128.any_true (v128.xor (local.get $a) (i32x4.splat (local.get $n))))))',
  'i8x16.shuffle, two inputs':
    '(local.set $a (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b)))',
  'i8x16.shuffle, one input':
    '(local.set $a (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11 (local.get $a) (local.get $a)))',
  'i8x16.shuffle, any bytes':
    '(local.set $a (i8x16.shuffle 3 17 1 30 9 22 0 5 28 14 2 19 31 8 16 7 (local.get $a) (local.get $b)))',
  'f32x4.extract_lane, f32x4.splat': '(local.set $a (f32x4.splat (f32x4.extract_lane 3 (local.get $a))))',
  'f64x2.promote_low_f32x4, f32x4.demote_f64x2_zero':
    '(local.set $a (f32x4.demote_f64x2_zero (f64x2.promote_low_f32x4 (local.get $a))))',
  'i16x8.extend_low_i8x16_u': '(local.set $a (i16x8.extend_low_i8x16_u (local.get $a)))',
  'f32.max': '(local.set $x (f32.max (local.get $x) (local.get $y)))',
  'f32.gt, select':
    '(local.set $x (select (local.get $x) (local.get $y) (f32.gt (local.get $x) (local.get $y))))',
  'v128.store, v128.load':
    '(v128.store offset=64 (i32.const 0) (local.get $a)) (local.set $a (v128.load offset=64 (i32.const 0)))',
  call: '(local.set $n (call $next (local.get $n)))',
  'memory.fill of 64 bytes': '(memory.fill (i32.const 256) (i32.const 0) (i32.const 64))',
  'memory.fill of 16 KiB': '(memory.fill (i32.const 256) (i32.const 0) (i32.const 16384))',
  'memory.copy of 16 KiB': '(memory.copy (i32.const 256) (i32.const 17000) (i32.const 16384))',
};

const STEPS = 8;

const module = (step) => `
(module
  (memory (export "memory") 1)
  (func $next (param $n i32) (result i32)
    (if (result i32) (i32.eqz (local.get $n))
      (then (call $next (i32.const 1)))
      (else (i32.add (local.get $n) (i32.const 1)))))
  (func (export "repeat") (param $times i32)
    (local $a v128) (local $b v128) (local $n i32) (local $x f32) (local $y f32)
    (local.set $a (v128.load (i32.const 0)))
    (local.set $b (v128.load (i32.const 16)))
    (local.set $x (f32.load (i32.const 0)))
    (local.set $y (f32.load (i32.const 16)))
    (loop $again
      ${`${step}\n      `.repeat(STEPS)}
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (v128.store (i32.const 32) (local.get $a))
    (f32.store (i32.const 48) (local.get $x))
    (i32.store (i32.const 52) (local.get $n))))
`;

/** The modules, by the instructions that they hold. */
export const probes = Object.entries(steps).map(([name, step], i) => ({
  name,
  step,
  file: `probe-${i}`,
  text: module(step),
  steps: STEPS,
}));
