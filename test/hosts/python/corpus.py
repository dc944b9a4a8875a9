"""The recorded corpus (test/corpus), asked of the host in Python: `corpus.py WASM`. Prints the hash of all answers."""

import hashlib
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3] / "demo/hosts/python"))
from pyramid_pool import Module, PyramidPool, RoiPyramidPool  # noqa: E402

CASES = 40
LARGE = 1
KINDS = ["unit", "bits", "ties", "zeros", "poison", "infinities", "lowest", "nan", "subnormal"]
PALETTES = {
    "ties": [-1, 0, 1, 2],
    "zeros": [0.0, -0.0, -1],
    "poison": [np.nan, 0.0, -0.0, 1, -np.inf],
    "infinities": [np.inf, -np.inf, 1],
    "lowest": [-np.inf],
    "nan": [np.nan],
    "subnormal": [1e-45, -1e-45, 1.1754943508222875e-38, 0],
}


def words_at(seed, first, count):
    """Words `first` to `first + count` of the generator (mulberry32), whose state goes up by the same each time."""
    u32 = np.uint32
    with np.errstate(over="ignore"):
        state = u32(seed & 0xFFFFFFFF) + np.arange(first + 1, first + count + 1, dtype=u32) * u32(0x6D2B79F5)
        word = (state ^ (state >> u32(15))) * (state | u32(1))
        word ^= word + (word ^ (word >> u32(7))) * (word | u32(61))
        return word ^ (word >> u32(14))


class Words:
    def __init__(self, seed):
        self.seed, self.at = seed, 0

    def __call__(self):
        self.at += 1
        return int(words_at(self.seed, self.at - 1, 1)[0])


def fill(kind, seed, shape):
    words = words_at(seed, 0, int(np.prod(shape)))
    if kind == "bits":
        return words.view(np.float32).reshape(shape)
    if kind == "unit":
        return (((words >> 8).astype(np.float64) - 2**23) / 2**23).astype(np.float32).reshape(shape)
    palette = np.array(PALETTES[kind], np.float32)
    return palette[words % len(palette)].reshape(shape)


def draw(next_word, large):
    up_to = lambda most: 1 + next_word() % most
    channels = 67 if large else up_to(20)
    height, width = (64 + up_to(9), 64 + up_to(9)) if large else (up_to(16), up_to(16))
    levels = [(up_to(6), up_to(6)) for _ in range(up_to(4))]
    layout = "NCHW" if next_word() % 2 else "NHWC"
    kind = KINDS[next_word() % len(KINDS)]
    return (1 if large else up_to(2)), channels, height, width, levels, layout, kind, next_word()


def run(module, drawn, keep):
    batch, channels, height, width, levels, layout, kind, seed = drawn
    dims = (batch, channels, height, width) if layout == "NCHW" else (batch, height, width, channels)
    x = fill(kind, seed, dims)
    pool = PyramidPool(module, levels, layout=layout)

    y, indices = pool.forward_with_indices(x)
    for array in (y, indices, pool.forward(x)):
        keep(array)
    keep(pool.backward(fill(kind, seed + 1, y.shape), dims, indices))

    bits = x.view(np.uint32)
    for narrow in (
        (bits >> 16).astype(np.uint16).view(np.float16),
        (bits >> 24).astype(np.uint8).view(np.int8),
        (bits >> 24).astype(np.uint8),
    ):
        for array in pool.forward_with_indices(narrow):
            keep(array)

    next_word = Words(seed)
    span = 8 * max(height, width)
    rois = [next_word() % batch if i % 5 == 0 else (next_word() % span) / 4 - 8 for i in range(5 * 9)]
    rois = np.array(rois, np.float32).reshape(9, 5)
    regions = RoiPyramidPool(module, levels, layout=layout, spatial_scale=0.75)
    y, indices = regions.forward_with_indices(x, rois)
    keep(y)
    keep(indices)
    keep(regions.backward(fill("unit", seed, y.shape), dims, rois, indices))

    average = PyramidPool(module, levels, "average", layout=layout)
    keep(average.forward(fill("unit", seed, dims)))


def main(wasm):
    module = Module(wasm)
    digest = hashlib.sha256()

    def keep(array):
        array = np.array(array)
        if array.dtype.kind == "f":
            array[np.isnan(array)] = np.frombuffer(b"\xff\xff\xff\x7f" if array.itemsize == 4 else b"\xff\x7f", array.dtype)
        digest.update(np.array(array.shape, "<i4").tobytes() + array.tobytes())

    next_word = Words(0x5EED)
    for i in range(CASES + LARGE):
        run(module, draw(next_word, i >= CASES), keep)
    print(digest.hexdigest())


if __name__ == "__main__":
    main(sys.argv[1])
