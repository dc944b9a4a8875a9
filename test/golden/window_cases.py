"""Cases by the rules of Caffe, of the paper and of SPP-net's detection windows."""
import math
import numpy as np
import torch
import torch.nn.functional as F

from draw import grads, values
from loops import bins, caffe_axis, flat, np_window_max, paper_legal, same

f32 = np.float32
FMAX = np.finfo(f32).max


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
