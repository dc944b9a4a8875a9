#!/usr/bin/env python3
"""Generate SPP oracle data with PyTorch on the CPU.

usage: make_oracle.py --out DIR --seed S --count N [--name NAME]

Writes DIR/index.json and DIR/data.bin (README.md beside this script tells their format).
Every case is computed by PyTorch or torchvision where they define the rule, and is
checked here against plain numpy loops; the Caffe, paper and SPP_net rules are numpy
loops, cross-checked with torch.nn.functional.max_pool2d / avg_pool2d where legal.
"""
import argparse, hashlib, json, math, os, sys
import numpy as np
import torch
import torch.nn.functional as F

try:
    import torchvision
    HAVE_TV = True
except Exception:                                    # RoI cases are then left out
    HAVE_TV = False

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
f32 = np.float32
FMAX = np.finfo(f32).max


# ------------------------------------------------------------------ rules
def bins(n, size):
    """Adaptive (PyTorch) bins: [floor(i*size/n), ceil((i+1)*size/n))."""
    return [(i * size // n, -((-(i + 1) * size) // n)) for i in range(n)]


def caffe_axis(size, n):
    """Caffe SPP kernel/pad/out for one axis, or None where Caffe's CHECKs abort."""
    k = -(-size // n)
    p = (k * n - size + 1) // 2
    if p >= k:
        return None
    out = -(-(size + 2 * p - k) // k) + 1
    if p and (out - 1) * k >= size + p:
        out -= 1
    return k, p, out


def paper_legal(a, n):
    """floor((a - ceil(a/n)) / floor(a/n)) + 1 == n, in closed form: a mod n <= a div n."""
    q, r = divmod(a, n)
    return q >= 1 and r <= q


def flat(a):
    return a.reshape(a.shape[0], int(np.prod(a.shape[1:])))


# ------------------------------------------------------------------ numpy loops
def np_window_max(plane, hs, ws, keep_nan=True, init=-np.inf, first=True):
    """plane (H,W); hs, ws lists of (start,end). Returns y, flat argmax (row-major scan,
    strictly greater wins; NaN always wins when keep_nan)."""
    W = plane.shape[1]
    y = np.empty((len(hs), len(ws)), f32)
    ix = np.empty((len(hs), len(ws)), np.int32)
    for a, (h0, h1) in enumerate(hs):
        for b, (w0, w1) in enumerate(ws):
            best = f32(init)
            at = h0 * W + w0 if first else -1
            for h in range(h0, h1):
                for w in range(w0, w1):
                    v = plane[h, w]
                    if v > best or (keep_nan and np.isnan(v)):
                        best, at = v, h * W + w
            y[a, b], ix[a, b] = best, at
    return y, ix


def np_spp_max(x, levels):
    N, C, H, W = x.shape
    ys, ixs = [], []
    for nh, nw in levels:
        y = np.empty((N, C, nh, nw), f32)
        ix = np.empty((N, C, nh, nw), np.int32)
        for n in range(N):
            for c in range(C):
                y[n, c], ix[n, c] = np_window_max(x[n, c], bins(nh, H), bins(nw, W))
        ys.append(flat(y))
        ixs.append(flat(ix))
    return np.concatenate(ys, 1), np.concatenate(ixs, 1)


def np_max_backward(shape, levels, ix, gy):
    """Per level a zeroed f32 buffer, += in row-major output order; levels summed last to
    first, which is the order PyTorch's autograd engine uses."""
    N, C, H, W = shape
    total = None
    off = 0
    parts = []
    for nh, nw in levels:
        m = C * nh * nw
        g = np.zeros((N, C, H * W), f32)
        gi = gy[:, off:off + m].reshape(N, C, nh * nw)
        ii = ix[:, off:off + m].reshape(N, C, nh * nw)
        for n in range(N):
            for c in range(C):
                for j in range(nh * nw):
                    if ii[n, c, j] >= 0:
                        g[n, c, ii[n, c, j]] += gi[n, c, j]
        parts.append(g)
        off += m
    for g in reversed(parts):
        total = g if total is None else total + g
    return total.reshape(shape)


def np_spp_avg(x, levels, gy):
    N, C, H, W = x.shape
    ys, off = [], 0
    gx = np.zeros(x.shape, np.float64)
    x64 = x.astype(np.float64)
    for nh, nw in levels:
        y = np.empty((N, C, nh, nw))
        m = C * nh * nw
        g = gy[:, off:off + m].reshape(N, C, nh, nw)
        off += m
        for a, (h0, h1) in enumerate(bins(nh, H)):
            for b, (w0, w1) in enumerate(bins(nw, W)):
                area = (h1 - h0) * (w1 - w0)
                with np.errstate(invalid='ignore'):
                    y[:, :, a, b] = x64[:, :, h0:h1, w0:w1].sum((2, 3)) / area
                gx[:, :, h0:h1, w0:w1] += (g[:, :, a, b] / area)[:, :, None, None]
        ys.append(flat(y))
    return np.concatenate(ys, 1), gx


# ------------------------------------------------------------------ writer
class Writer:
    def __init__(self, out, meta):
        os.makedirs(out, exist_ok=True)
        self.out, self.meta, self.cases = out, meta, []
        self.blob, self.seen = bytearray(), {}

    def put(self, arr):
        a = np.ascontiguousarray(arr)
        kind = {'f': 'f32', 'i': 'i32'}[a.dtype.kind]
        a = a.astype('<f4' if kind == 'f32' else '<i4', copy=False)
        raw = a.tobytes()
        key = hashlib.sha256(raw).digest()
        if key not in self.seen:
            self.seen[key] = len(self.blob)
            self.blob += raw
        return {'dtype': kind, 'shape': list(arr.shape), 'offset': self.seen[key]}

    def add(self, kind, meta, tensors):
        c = {'id': '%03d-%s' % (len(self.cases), kind), 'kind': kind}
        c.update(meta)
        c['tensors'] = {k: self.put(v) for k, v in tensors.items()}
        self.cases.append(c)

    def close(self):
        doc = dict(self.meta)
        doc['bytes'] = len(self.blob)
        doc['sha256'] = hashlib.sha256(bytes(self.blob)).hexdigest()
        doc['cases'] = self.cases
        with open(os.path.join(self.out, 'data.bin'), 'wb') as f:
            f.write(self.blob)
        with open(os.path.join(self.out, 'index.json'), 'w') as f:
            f.write('{\n')
            for k, v in doc.items():
                if k != 'cases':
                    f.write(' %s: %s,\n' % (json.dumps(k), json.dumps(v)))
            f.write(' "cases": [\n  ')
            f.write(',\n  '.join(json.dumps(c) for c in self.cases))
            f.write('\n ]\n}\n')


# ------------------------------------------------------------------ values
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


# ------------------------------------------------------------------ cases
def torch_spp(x, levels, pool, gy=None):
    t = torch.from_numpy(x.copy()).requires_grad_(True)
    N = x.shape[0]
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


def same(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == 'f'))


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


def add_caffe(w, rng, shape, height, pool, vk):
    N, C, H, W = shape
    x = values(rng, shape, vk)
    levels, params = [], []
    for l in range(height):
        n = 2 ** l
        ah, aw = caffe_axis(H, n), caffe_axis(W, n)
        if ah is None or aw is None:
            return False
        params.append((ah, aw))
        levels.append([ah[2], aw[2]])
    m = C * sum(a * b for a, b in levels)
    gy = grads(rng, (N, m), 'dyadic')
    t = torch.from_numpy(x)
    ys, ixs, off = [], [], 0
    gx = np.zeros(shape, f32)
    parts = []
    for (ah, aw), (oh, ow) in zip(params, levels):
        (kh, ph, _), (kw, pw, _) = ah, aw
        g = gy[:, off:off + C * oh * ow].reshape(N, C, oh, ow)
        off += C * oh * ow
        hb = [(max(i * kh - ph, 0), min(i * kh - ph + kh, H)) for i in range(oh)]
        wb = [(max(i * kw - pw, 0), min(i * kw - pw + kw, W)) for i in range(ow)]
        part = np.zeros(shape, f32)
        y = np.zeros((N, C, oh, ow), f32)
        if pool == 'max':
            ix = np.empty((N, C, oh, ow), np.int32)
            for n in range(N):
                for c in range(C):
                    y[n, c], ix[n, c] = np_window_max(x[n, c], hb, wb, keep_nan=False,
                                                      init=-FMAX, first=False)
                    for a in range(oh):
                        for b in range(ow):
                            if ix[n, c, a, b] >= 0:
                                part[n, c].reshape(-1)[ix[n, c, a, b]] += g[n, c, a, b]
            if 2 * ph <= kh and 2 * pw <= kw:
                z, zi = F.max_pool2d(t, (kh, kw), (kh, kw), (ph, pw), ceil_mode=True, return_indices=True)
                assert same(z.numpy(), y) and same(zi.numpy().astype(np.int32), ix)
            else:                               # torch refuses pad > kernel/2: pad by hand
                z = F.max_pool2d(F.pad(t, (pw, pw, ph, ph), value=-math.inf), (kh, kw), (kh, kw),
                                 ceil_mode=True)[:, :, :oh, :ow]
                assert same(z.numpy(), y)
            ixs.append(flat(ix))
        else:
            for a in range(oh):
                for b in range(ow):
                    hs, ws = a * kh - ph, b * kw - pw
                    size = (min(hs + kh, H + ph) - hs) * (min(ws + kw, W + pw) - ws)
                    h0, h1 = hb[a]
                    w0, w1 = wb[b]
                    y[:, :, a, b] = x[:, :, h0:h1, w0:w1].astype(np.float64).sum((2, 3)) / size
                    part[:, :, h0:h1, w0:w1] += (g[:, :, a, b] / f32(size))[:, :, None, None]
            if 2 * ph <= kh and 2 * pw <= kw:
                z = F.avg_pool2d(t, (kh, kw), (kh, kw), (ph, pw), ceil_mode=True, count_include_pad=True)
                assert z.shape == y.shape and np.abs(z.numpy() - y).max() < 1e-5
        ys.append(flat(y))
        parts.append(part)
    for p in parts:
        gx = gx + p
    tens = {'x': x, 'y': np.concatenate(ys, 1), 'gy': gy, 'gx': gx}
    if pool == 'max':
        tens['argmax'] = np.concatenate(ixs, 1)
    w.add('caffe_spp', {'pool': pool, 'shape': list(shape), 'pyramid_height': height, 'levels': levels,
                        'axes': [{'kernel': [a[0], b[0]], 'pad': [a[1], b[1]], 'out': [a[2], b[2]]}
                                 for a, b in params], 'values': vk, 'grads': 'dyadic',
                        'exact': ['y', 'argmax', 'gx'] if pool == 'max' else []}, tens)
    return True


def add_paper(w, rng, shape, levels, vk):
    N, C, H, W = shape
    if not all(paper_legal(H, a) and paper_legal(W, b) for a, b in levels):
        return False
    x = values(rng, shape, vk)
    m = C * sum(a * b for a, b in levels)
    gy = grads(rng, (N, m), 'dyadic')
    t = torch.from_numpy(x.copy()).requires_grad_(True)
    ys, ixs, ty = [], [], []
    for nh, nw in levels:
        kh, kw, sh, sw = -(-H // nh), -(-W // nw), H // nh, W // nw
        z, zi = F.max_pool2d(t, (kh, kw), (sh, sw), return_indices=True)
        assert list(z.shape[2:]) == [nh, nw]
        y = np.empty((N, C, nh, nw), f32)
        ix = np.empty((N, C, nh, nw), np.int32)
        for n in range(N):
            for c in range(C):
                y[n, c], ix[n, c] = np_window_max(x[n, c], [(i * sh, i * sh + kh) for i in range(nh)],
                                                  [(i * sw, i * sw + kw) for i in range(nw)])
        assert same(z.detach().numpy(), y) and same(zi.numpy().astype(np.int32), ix)
        ys.append(flat(y))
        ixs.append(flat(ix))
        ty.append(z.flatten(1))
    torch.cat(ty, 1).backward(torch.from_numpy(gy.copy()))
    q = [{'win': [-(-H // a), -(-W // b)], 'stride': [H // a, W // b],
          'uncovered': [max(H % a - 1, 0), max(W % b - 1, 0)]} for a, b in levels]
    w.add('paper_sliding', {'pool': 'max', 'shape': list(shape), 'levels': [list(l) for l in levels],
                            'windows': q, 'values': vk, 'grads': 'dyadic', 'exact': ['y', 'argmax', 'gx']},
          {'x': x, 'y': np.concatenate(ys, 1), 'argmax': np.concatenate(ixs, 1), 'gy': gy,
           'gx': t.grad.numpy()})
    return True


def add_window(w, rng, shape, divs, neg):
    """SPP_net detection windows (1-based, inclusive boxes in the resized image)."""
    C, H, W = shape
    off0, off, step = 21.0, 6.5, 16.0                     # as used for ZF-5
    if rng.random() < .3:
        off0, off, step = 15.0, 6.5, 12.0
    x = values(rng, shape, 'normal' if neg else 'relu')
    boxes = []
    for _ in range(int(rng.integers(3, 7))):
        l, r = np.sort(rng.uniform(-10, W * step + 20, 2))
        t, b = np.sort(rng.uniform(-10, H * step + 20, 2))
        boxes.append([l, t, r, b])
    boxes.append([1, 1, W * step, H * step])
    boxes.append([20.5, 20.5, 22, 22])
    boxes = np.round(np.asarray(boxes) * 4) / 4            # exact in f32
    norm, ys = [], []
    for l, t, r, b in boxes:
        v = [int(math.floor((l - off0 + off) / step + .5) + 1), int(math.floor((t - off0 + off) / step + .5) + 1),
             int(math.ceil((r - off0 - off) / step - .5) + 1), int(math.ceil((b - off0 - off) / step - .5) + 1)]
        for a in (0, 1):
            if v[a] > v[a + 2]:
                v[a] = v[a + 2] = int((v[a] + v[a + 2]) / 2)        # C division: toward zero
        for a, s in ((0, W), (1, H), (2, W), (3, H)):
            v[a] = min(s, max(1, v[a]))
        norm.append(v)
        bw, bh = v[2] - v[0] + 1, v[3] - v[1] + 1
        row = []
        for n in divs:
            hb, wb = bins(n, bh), bins(n, bw)
            for s, bb in ((bh, hb), (bw, wb)):                      # the f32 form of the original agrees here
                for i in range(n):
                    assert int(math.floor(f32(i) / f32(n) * f32(s))) == bb[i][0]
                    assert int(math.ceil(f32(i + 1) / f32(n) * f32(s))) == bb[i][1]
            for c in range(C):
                for h0, h1 in hb:
                    for w0, w1 in wb:
                        row.append(max(f32(0), x[c, v[1] - 1 + h0:v[1] - 1 + h1,
                                                 v[0] - 1 + w0:v[0] - 1 + w1].max()))
        ys.append(row)
    w.add('sppnet_window', {'pool': 'max', 'shape': list(shape), 'levels': [[n, n] for n in divs],
                            'values': 'normal' if neg else 'relu', 'divs': list(divs), 'offset0': off0,
                            'offset': off, 'step': step, 'zero_floor': True, 'exact': ['y', 'boxes_norm']},
          {'x': x, 'boxes': boxes.astype(f32), 'boxes_norm': np.asarray(norm, np.int32),
           'y': np.asarray(ys, f32)})


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
