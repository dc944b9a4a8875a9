"""The rules of bins, and pooling in plain numpy loops."""
import numpy as np

f32 = np.float32


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


def same(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == 'f'))
