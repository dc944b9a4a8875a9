#!/usr/bin/env python3
"""Makes the golden data with PyTorch on the CPU.

usage: make.py --out DIR --seed S --count N [--name NAME]

Writes DIR/index.json and DIR/data.bin (README.md beside this script has their format).
Every case is computed by PyTorch or torchvision where they define the rule, and is
checked here against plain numpy loops; the Caffe, paper and SPP_net rules are numpy
loops, cross-checked with torch.nn.functional.max_pool2d / avg_pool2d where legal.
"""
import argparse, math, sys
import numpy as np
import torch
import torch.nn.functional as F

from draw import AVG_VALUES, MAX_VALUES, grads, lcg_values, values
from loops import bins, caffe_axis, np_max_backward, np_spp_avg, np_spp_max, np_window_max, paper_legal, same
from window_cases import add_caffe, add_paper, add_window
from writer import Writer

try:
    import torchvision
    HAVE_TV = True
except Exception:                                    # RoI cases are then left out
    HAVE_TV = False

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
f32 = np.float32
FMAX = np.finfo(f32).max


# ------------------------------------------------------------------ cases
def torch_spp(x, levels, pool, gy=None):
    t = torch.from_numpy(x.copy()).requires_grad_(True)
    ys, ix = [], []
    for lv in levels:
        if pool == 'max':
            y, i = F.adaptive_max_pool2d(t, tuple(lv), return_indices=True)
            ix.append(i.flatten(1))
        else:
            y = F.adaptive_avg_pool2d(t, tuple(lv))
        ys.append(y.flatten(1))
    y = torch.cat(ys, 1)
    gx = None
    if gy is not None:
        y.backward(torch.from_numpy(gy.copy()))
        gx = t.grad.numpy()
    iy = torch.cat(ix, 1).numpy().astype(np.int32) if ix else None
    return y.detach().numpy(), iy, gx


def add_spp(w, rng, shape, levels, pool, vk, gk, tags=()):
    shape = tuple(shape)
    levels = [list(map(int, l)) for l in levels]
    x = values(rng, shape, vk)
    m = shape[1] * sum(a * b for a, b in levels)
    gy = grads(rng, (shape[0], m), gk)
    y, ix, gx = torch_spp(x, levels, pool, gy)
    meta = {'pool': pool, 'shape': list(shape), 'levels': levels, 'values': vk, 'grads': gk}
    if tags:
        meta['tags'] = list(tags)
    t = {'x': x, 'y': y, 'gy': gy, 'gx': gx}
    if pool == 'max':
        ry, rix = np_spp_max(x, levels)
        assert same(ry, y) and same(rix, ix), (shape, levels, vk)
        assert same(np.signbit(ry), np.signbit(y)) or np.isnan(y).any()
        assert same(np_max_backward(shape, levels, ix, gy), gx), 'gx order'
        t['argmax'] = ix
        meta['exact'] = ['y', 'argmax'] + (['gx'] if gk == 'dyadic' else [])
    else:
        ry, rgx = np_spp_avg(x, levels, gy)
        fin = np.isfinite(ry)
        assert same(np.isfinite(y), fin) and same(np.isnan(ry), np.isnan(y))
        big = max(1.0, float(np.max(np.abs(x[np.isfinite(x)]), initial=0)))
        assert np.abs(ry[fin] - y[fin]).max(initial=0) <= 4e-6 * big, (shape, levels, vk)
        assert np.abs(rgx - gx).max(initial=0) <= 1e-5 * max(1, np.abs(gx).max(initial=0))
        meta['exact'] = []
    w.add('spp', meta, t)


def add_big(w, rng, shape, levels, steps):
    """Large plane from the generator; gx sparse."""
    shape = tuple(shape)
    seed = int(rng.integers(1, 2 ** 31))
    x = lcg_values(seed, int(np.prod(shape)), steps).reshape(shape)
    m = shape[1] * sum(a * b for a, b in levels)
    gy = grads(rng, (shape[0], m), 'dyadic')
    y, ix, gx = torch_spp(x, levels, 'max', gy)
    # numpy check with whole-window argmax (no NaN here, so first maximum == np.argmax)
    off = 0
    for nh, nw in levels:
        for a, (h0, h1) in enumerate(bins(nh, shape[2])):
            for b, (w0, w1) in enumerate(bins(nw, shape[3])):
                for n in range(shape[0]):
                    for c in range(shape[1]):
                        win = x[n, c, h0:h1, w0:w1]
                        p = int(np.argmax(win))
                        j = off + (c * nh + a) * nw + b
                        assert ix[n, j] == (h0 + p // (w1 - w0)) * shape[3] + w0 + p % (w1 - w0)
                        assert y[n, j] == win.flat[p]
        off += shape[1] * nh * nw
    nz = np.flatnonzero(gx.ravel()).astype(np.int32)
    w.add('spp', {'pool': 'max', 'shape': list(shape), 'levels': [list(l) for l in levels],
                  'values': 'gen', 'grads': 'dyadic', 'x_gen': {'seed': seed, 'steps': steps},
                  'exact': ['y', 'argmax', 'gx'], 'tags': ['big']},
          {'y': y, 'argmax': ix, 'gy': gy, 'gx_index': nz, 'gx_value': gx.ravel()[nz]})


def add_roi(w, rng, shape, levels, scale, vk, gk, fixed=None, tags=()):
    N, C, H, W = shape
    x = values(rng, shape, vk)
    iw, ih = W / scale, H / scale
    rois = []
    for _ in range(int(rng.integers(3, 8))):
        x1, x2 = np.sort(rng.uniform(-.15 * iw, 1.15 * iw, 2))
        y1, y2 = np.sort(rng.uniform(-.15 * ih, 1.15 * ih, 2))
        rois.append([rng.integers(N), x1, y1, x2, y2])
    rois.append([0, 0, 0, iw - 1, ih - 1])                        # whole map
    rois.append([N - 1, .5 / scale, 1.5 / scale, 2.5 / scale, 3.5 / scale])   # halves: away from 0
    rois.append([0, -.5 / scale, -1.5 / scale, .5 / scale, 1 / scale])
    rois.append([0, 3 / scale, 3 / scale, 1 / scale, 1 / scale])  # reversed: forced to 1x1
    rois.append([0, 2 * iw, 2 * ih, 3 * iw, 3 * ih])              # outside: all bins empty
    rois.append([0, -9 / scale, -9 / scale, -5 / scale, -5 / scale])
    if fixed is not None:
        rois = fixed
    rois = np.asarray(rois, f32)
    t = torch.from_numpy(x.copy())
    ys, ixs = [], []
    for nh, nw in levels:
        y, a = torch.ops.torchvision.roi_pool(t, torch.from_numpy(rois), float(scale), nh, nw)
        ys.append(y.flatten(1).numpy())
        ixs.append(a.flatten(1).numpy().astype(np.int32))
    y, ix = np.concatenate(ys, 1), np.concatenate(ixs, 1)
    gy = grads(rng, y.shape, gk)
    gx, off = None, 0
    for l, (nh, nw) in reversed(list(enumerate(levels))):
        off = C * sum(a * b for a, b in levels[:l])
        m = C * nh * nw
        g = torch.ops.torchvision._roi_pool_backward(
            torch.from_numpy(gy[:, off:off + m].reshape(-1, C, nh, nw).copy()), torch.from_numpy(rois),
            torch.from_numpy(ix[:, off:off + m].reshape(-1, C, nh, nw).copy()), float(scale), nh, nw,
            N, C, H, W).numpy()
        gx = g if gx is None else gx + g
    # independent numpy loops
    off = 0
    for nh, nw in levels:
        for k, roi in enumerate(rois):
            def rnd(v):
                v = float(f32(v) * f32(scale))
                return int(math.floor(abs(v) + .5) * (1 if v >= 0 else -1))
            ws, hs, we, he = map(rnd, roi[1:])
            rw, rh = max(we - ws + 1, 1), max(he - hs + 1, 1)
            bh, bw = f32(rh) / f32(nh), f32(rw) / f32(nw)
            for c in range(C):
                hb = [(min(max(int(math.floor(f32(i) * bh)) + hs, 0), H),
                       min(max(int(math.ceil(f32(i + 1) * bh)) + hs, 0), H)) for i in range(nh)]
                wb = [(min(max(int(math.floor(f32(i) * bw)) + ws, 0), W),
                       min(max(int(math.ceil(f32(i + 1) * bw)) + ws, 0), W)) for i in range(nw)]
                for a, (h0, h1) in enumerate(hb):
                    for b, (w0, w1) in enumerate(wb):
                        j = off + (c * nh + a) * nw + b
                        if h1 <= h0 or w1 <= w0:
                            assert y[k, j] == 0 and ix[k, j] == -1
                            continue
                        yy, ii = np_window_max(x[int(roi[0]), c], [(h0, h1)], [(w0, w1)],
                                               keep_nan=False, init=-FMAX, first=False)
                        assert yy[0, 0] == y[k, j] and ii[0, 0] == ix[k, j], (roi, a, b)
        off += C * nh * nw
    meta = {'pool': 'max', 'shape': list(shape), 'levels': [list(l) for l in levels],
            'spatial_scale': scale, 'values': vk, 'grads': gk,
            'exact': ['y', 'argmax'] + (['gx'] if gk == 'dyadic' else [])}
    if tags:
        meta['tags'] = list(tags)
    w.add('roi_pool', meta,
          {'x': x, 'rois': rois, 'y': y, 'argmax': ix, 'gy': gy, 'gx': gx})


# ------------------------------------------------------------------ errors
def error_cases():
    out = []
    for name, shape, size in [('max', [2, 0, 4, 4], [2, 2]), ('max', [1, 1, 0, 4], [2, 2]),
                              ('max', [1, 1, 4, 0], [2, 2]), ('avg', [1, 1, 0, 4], [2, 2]),
                              ('max', [4, 4], [2, 2]), ('max', [1, 1, 1, 4, 4], [2, 2]),
                              ('max', [1, 1, 4, 4], [-1, 2])]:
        fn = F.adaptive_max_pool2d if name == 'max' else F.adaptive_avg_pool2d
        try:
            fn(torch.empty(shape), tuple(size))
            msg = None
        except Exception as e:
            msg = str(e).split('\n')[0]
        out.append({'pool': name, 'shape': shape, 'output_size': size, 'torch_message': msg})
    return out


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument('--out', required=True)
    ap.add_argument('--seed', type=int, required=True)
    ap.add_argument('--count', type=int, required=True)
    ap.add_argument('--name', default='')
    a = ap.parse_args()
    rng = np.random.default_rng(a.seed)
    w = Writer(a.out, {'format': 1, 'name': a.name, 'seed': a.seed, 'endian': 'little',
                       'torch': torch.__version__.split('+')[0],
                       'torchvision': torchvision.__version__.split('+')[0] if HAVE_TV else None,
                       'errors': error_cases(),
                       'paper_illegal': {str(n): [s for s in range(1, n * n + 1) if not paper_legal(s, n)]
                                         for n in range(1, 9)},
                       'caffe_abort': {str(n): [s for s in range(1, 8 * n + 1) if caffe_axis(s, n) is None]
                                       for n in (1, 2, 4, 8, 16)},
                       'caffe_short': {str(n): [s for s in range(1, 8 * n + 1)
                                                if caffe_axis(s, n) and caffe_axis(s, n)[2] != n]
                                       for n in (1, 2, 4, 8, 16)}})
    P = [[6, 6], [3, 3], [2, 2], [1, 1]]
    Q = [[4, 4], [2, 2], [1, 1]]
    base = [((1, 1, 1, 1), [[1, 1]]), ((1, 1, 1, 1), Q), ((1, 2, 2, 3), Q), ((1, 1, 3, 3), [[7, 7]]),
            ((2, 3, 1, 7), [[1, 4], [1, 2], [1, 1]]), ((1, 2, 7, 1), [[4, 1], [2, 1], [1, 1]]),
            ((1, 4, 13, 13), P), ((1, 3, 10, 10), P), ((2, 5, 7, 7), Q), ((1, 3, 8, 8), Q),
            ((1, 2, 15, 9), [[3, 5], [5, 3]]), ((1, 1, 38, 63), Q), ((1, 3, 11, 17), [[3, 3], [2, 2], [1, 1]]),
            ((1, 1, 23, 29), [[5, 7], [1, 1]]), ((1, 1, 31, 37), [[6, 6], [4, 4]]),
            ((2, 6, 1, 50), [[1, 8], [1, 4], [1, 2], [1, 1]]), ((3, 2, 5, 4), [[1, 1], [2, 2], [4, 4]]),
            ((1, 2, 6, 6), [[2, 2], [2, 2]]), ((1, 1, 5, 5), [[5, 5]]), ((1, 2, 4, 5), [[8, 9], [1, 1]]),
            ((1, 2, 9, 8), [[1, 1], [2, 2], [4, 4]]), ((0, 3, 4, 4), Q), ((1, 17, 6, 5), Q), ((4, 1, 16, 16), Q)]
    # fixed shapes: every value kind appears over them
    off = int(rng.integers(100))
    for i, (s, lv) in enumerate(base):
        add_spp(w, rng, s, lv, 'max', MAX_VALUES[(i + off) % len(MAX_VALUES)], 'dyadic')
    for i, (s, lv) in enumerate(base[:14]):
        add_spp(w, rng, s, lv, 'avg', AVG_VALUES[(i + off) % len(AVG_VALUES)], 'normal')
    for i, vk in enumerate(MAX_VALUES[2:]):
        s = [(1, 2, 9, 7), (2, 1, 6, 11), (1, 3, 5, 13)][(i + off) % 3]
        add_spp(w, rng, s, [Q, P, [[3, 2], [1, 4]]][i % 3], 'max', vk, 'dyadic')
    big = 2 if a.count < 200 else 4
    for i in range(big):
        add_big(w, rng, [(1, 1, 300, 257), (2, 3, 64, 96), (1, 8, 97, 101), (1, 2, 241, 333)][i],
                [P, Q, [[6, 5], [1, 1]], [[7, 7], [3, 3], [1, 1]]][i], [0, 8, 16, 64][i])
    n_caffe, n_paper, n_roi, n_win = (a.count * 14 // 150, a.count * 11 // 150,
                                      a.count * 16 // 150 if HAVE_TV else 0, a.count * 8 // 150)
    SH = [(2, 3, 9, 8), (1, 2, 7, 7), (1, 2, 13, 13), (1, 1, 37, 53), (1, 3, 12, 20), (1, 2, 16, 31)]
    k = tries = 0
    while k < n_caffe and tries < 5000:
        tries += 1
        s = SH[k] if k < len(SH) and tries <= 30 else (1, int(rng.integers(1, 4)), int(rng.integers(2, 34)),
                                                       int(rng.integers(2, 34)))
        k += add_caffe(w, rng, s, int(rng.integers(1, 5)), 'ave' if k % 4 == 3 else 'max',
                       ['normal', 'ties', 'relu'][k % 3])
    k = tries = 0
    fixed = [((1, 3, 13, 13), P), ((1, 2, 10, 10), [[4, 4], [3, 3], [2, 2], [1, 1]]), ((1, 2, 14, 15), [[4, 4]])]
    while k < n_paper and tries < 5000:
        tries += 1
        if k < len(fixed):
            s, lv = fixed[k]
        else:
            s = (int(rng.integers(1, 3)), int(rng.integers(1, 4)), int(rng.integers(3, 31)), int(rng.integers(3, 31)))
            lv = [[int(rng.integers(1, 7)), int(rng.integers(1, 7))] for _ in range(int(rng.integers(1, 4)))]
        k += add_paper(w, rng, s, lv, ['normal', 'ties', 'nan_one', 'relu'][k % 4])
    for i in range(n_roi):
        s = (int(rng.integers(1, 3)), int(rng.integers(1, 4)), int(rng.integers(4, 20)), int(rng.integers(4, 24)))
        lv = [[[2, 2]], [[7, 7]], [[3, 3], [1, 1]], [[4, 2], [2, 2], [1, 1]], [[6, 6]]][i % 5]
        add_roi(w, rng, s, lv, 1.0 if i % 2 else 0.0625, ['normal', 'ties', 'relu'][i % 3],
                'dyadic' if i % 4 else 'normal')
    if HAVE_TV:      # f32 bin edges differ from integer ones here: 7 * f32(57/7) > 57
        add_roi(w, rng, (1, 1, 64, 61), [[7, 7], [14, 14]], 1.0, 'ascending', 'dyadic',
                fixed=[[0, 1, 2, 57, 58], [0, 0, 0, 56, 56], [0, 2, 1, 59, 60]], tags=['f32_bins'])
    for i in range(n_win):
        add_window(w, rng, (4 * int(rng.integers(1, 3)), int(rng.integers(5, 20)), int(rng.integers(5, 24))),
                   [6, 3, 2, 1] if i % 2 else [4, 2, 1], i % 4 == 3)
    # random SPP for the rest
    i = 0
    while len(w.cases) < a.count:
        pool = 'avg' if i % 4 == 3 else 'max'
        while True:
            s = (int(rng.integers(1, 4)), int(rng.choice([1, 2, 3, 4, 5, 7, 8, 9, 16])),
                 int(rng.integers(1, 34)), int(rng.integers(1, 40)))
            if np.prod(s) <= 1800:
                break
        nl = int(rng.integers(1, 5))
        hi = 9
        while True:
            lv = []
            for _ in range(nl):
                n = int(rng.integers(1, hi))
                lv.append([n, n] if rng.random() < .6 else [int(rng.integers(1, hi)), int(rng.integers(1, hi))])
            if s[0] * s[1] * sum(p * q for p, q in lv) <= 1200:
                break
            hi = max(2, hi - 1)
        vk = str(rng.choice(MAX_VALUES if pool == 'max' else AVG_VALUES))
        add_spp(w, rng, s, lv, pool, vk, 'normal' if (pool == 'avg' or i % 5 == 0) else 'dyadic')
        i += 1
    w.close()
    kinds = {}
    for c in w.cases:
        kinds[(c['kind'], c['pool'])] = kinds.get((c['kind'], c['pool']), 0) + 1
    print(len(w.cases), 'cases', len(w.blob), 'bytes', kinds)


if __name__ == '__main__':
    sys.exit(main())
