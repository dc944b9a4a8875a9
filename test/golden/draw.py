"""Values of maps and gradients, drawn from a generator."""
import math
import numpy as np

f32 = np.float32
FMAX = np.finfo(f32).max

MAX_VALUES = ['normal', 'normal', 'ties', 'ties', 'relu', 'all_equal', 'signed_zero', 'nan_one',
              'nan_many', 'nan_all', 'inf_mix', 'all_neg_inf', 'neg_inf_nan', 'subnormal',
              'ascending', 'descending', 'lowest', 'huge']
AVG_VALUES = ['normal', 'normal', 'ties', 'relu', 'all_equal', 'nan_one', 'inf_mix', 'signed_zero',
              'ascending', 'subnormal']


def values(rng, shape, kind):
    n = int(np.prod(shape))
    r = rng.standard_normal(n).astype(f32)
    if kind == 'ties':
        r = rng.integers(-1, 2, n).astype(f32)
    elif kind == 'relu':
        r = np.maximum(r, f32(0))
    elif kind == 'all_equal':
        r[:] = f32(rng.choice([-2.5, 0.0, 3.25]))
    elif kind == 'signed_zero':
        r = np.where(rng.random(n) < .5, f32(-0.0), f32(0.0))
        r[rng.random(n) < .2] = f32(-1)
    elif kind == 'nan_one' and n:
        r[rng.integers(n)] = np.nan
    elif kind == 'nan_many':
        r[rng.random(n) < .3] = np.nan
    elif kind == 'nan_all':
        r[:] = np.nan
    elif kind == 'inf_mix':
        u = rng.random(n)
        r[u < .1] = np.inf
        r[u > .85] = -np.inf
    elif kind == 'all_neg_inf':
        r[:] = -np.inf
    elif kind == 'neg_inf_nan':
        r[:] = -np.inf
        r[rng.random(n) < .15] = np.nan
    elif kind == 'subnormal':
        r = (rng.integers(-9, 10, n) * np.float64(2.0 ** -149)).astype(f32)
    elif kind == 'ascending':
        r = np.arange(n, dtype=f32)
    elif kind == 'descending':
        r = -np.arange(n, dtype=f32)
    elif kind == 'lowest':
        r[:] = -FMAX
        r[rng.random(n) < .4] = -np.inf
    elif kind == 'huge':
        r = r * f32(6e37)
    return r.astype(f32).reshape(shape)


def grads(rng, shape, kind):
    if kind == 'dyadic':                     # sums are exact in f32 in any order
        return (rng.integers(-64, 65, shape) / 16).astype(f32)
    return rng.standard_normal(shape).astype(f32)


def lcg_values(seed, n, steps=0):
    """x_gen: s = s*1664525+1013904223 mod 2^32; v = (s>>9)/2^22 - 1 (exact in f32);
    steps>0: v = floor(v*steps)/steps."""
    out = np.empty(n, f32)
    s = seed & 0xffffffff
    for i in range(n):
        s = (s * 1664525 + 1013904223) & 0xffffffff
        v = (s >> 9) / 4194304.0 - 1.0
        if steps:
            v = math.floor(v * steps) / steps
        out[i] = v
    return out
