"""How the host in Python uses memory, and what it refuses: `use.py WASM`."""

import gc
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3] / "demo/hosts/python"))
from pyramid_pool import Module, PyramidPool, RoiPyramidPool  # noqa: E402


def refuses(call, *words, error=ValueError):
    try:
        call()
    except error as found:
        missing = [word for word in words if word not in str(found)]
        assert not missing, f"{found} does not say {missing}"
    else:
        raise AssertionError(f"nothing refused: {words}")


def in_place(module):
    """Arrays of the module are neither copied nor moved, also when its memory grows."""
    pool = PyramidPool(module, [2, 1])
    x, y = module.empty((1, 3, 5, 7)), module.empty((1, 15))
    x[...] = np.arange(105, dtype=np.float32).reshape(x.shape)
    assert module.array(x) is x
    assert pool.forward(x, out=y) is y and y[0, -1] == 104
    size = module._memory.data_len(module._store)
    large = [module.empty((1 << 20,)) for _ in range(4)]
    assert module._memory.data_len(module._store) > size
    x[0, 0, 0, 0] = 1000
    pool.forward(x, out=y)
    assert y[0, 0] == 1000 and len(large) == 4
    refuses(lambda: pool.forward(x, out=np.empty((1, 15), np.float32)), "out", "module.empty")
    refuses(lambda: pool.forward(x, out=module.empty((1, 14))), "out", "(1, 14)", "(1, 15)")


def gives_back(module):
    """What nobody holds is used again, by results as by pools and plans."""
    def calls():
        for size in range(1, 90):
            pool = PyramidPool(module, [4, 2, 1])
            y, indices = pool.forward_with_indices(np.ones((2, 16, size, size), np.float32))
            pool.backward(y, (2, 16, size, size), indices)
        gc.collect()

    calls()
    size = module._memory.data_len(module._store)
    for _ in range(3):
        calls()
    assert module._memory.data_len(module._store) == size


def outlives(module):
    """A result holds the memory that it lies in."""
    y = PyramidPool(Module(sys.argv[1]), [1]).forward(np.full((1, 1, 4, 4), 7, np.float32))
    gc.collect()
    assert y[0, 0] == 7


def shapes(module):
    pool = PyramidPool(module, [(2, 1), 1], layout="NHWC")
    assert pool.forward(np.zeros((5, 6, 3), np.uint8)).shape == (9,)
    assert pool.forward(np.zeros((0, 5, 6, 3), np.float16)).shape == (0, 9)
    turned = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    assert PyramidPool(module, [1]).forward(turned.transpose(0, 1, 3, 2)).tolist() == [[11, 23]]
    rows, columns = PyramidPool(module, [4]).bin_bounds(13, 13)[0]
    assert rows.tolist() == columns.tolist() == [[0, 4], [3, 7], [6, 10], [9, 13]]


def orders(module):
    """By channel: the same values as by level, each channel's together."""
    maps = {"NCHW": np.arange(2 * 3 * 5 * 7, dtype=np.float32).reshape(2, 3, 5, 7) % 17}
    maps["NHWC"] = np.ascontiguousarray(maps["NCHW"].transpose(0, 2, 3, 1))
    rois = [[1, 0, 0, 4, 3], [0, 2, 1, 6, 4]]
    for layout, x in maps.items():
        one = [PyramidPool(module, [n], layout="NCHW") for n in (2, 3)]
        expected = np.concatenate([pool.forward(maps["NCHW"]).reshape(2, 3, -1) for pool in one], 2).reshape(2, -1)
        pool = PyramidPool(module, [2, 3], layout=layout, output_order="channels")
        y, indices = pool.forward_with_indices(x)
        assert y.tolist() == expected.tolist()
        assert pool.backward(np.ones_like(y), x.shape, indices).sum() == y.size
        ones = [RoiPyramidPool(module, [n]).forward(maps["NCHW"], rois).reshape(2, 3, -1) for n in (2, 3)]
        regions = RoiPyramidPool(module, [2, 3], layout=layout, output_order="channels")
        assert regions.forward(x, rois).tolist() == np.concatenate(ones, 2).reshape(2, -1).tolist()


def averages_of_regions(module):
    """A region of all cells averages as the whole map does; its gradient too."""
    x = np.arange(2 * 3 * 6 * 8, dtype=np.float32).reshape(2, 3, 6, 8) % 19
    whole = PyramidPool(module, [1], reduction="average")
    regions = RoiPyramidPool(module, [1], reduction="average")
    rois = [[0, 0, 0, 7, 5], [1, 0, 0, 7, 5]]
    y = regions.forward(x, rois)
    np.testing.assert_allclose(y, whole.forward(x), rtol=1e-6)
    np.testing.assert_allclose(regions.backward(y, x.shape, rois), whole.backward(y, x.shape), rtol=1e-6)
    refuses(lambda: regions.forward_with_indices(x, rois), "indices")
    refuses(lambda: RoiPyramidPool(module, [1], rule="roi-align", reduction="max"), "roi-align", "'max'")
    aligned = RoiPyramidPool(module, [1], rule="roi-align")
    for call in (whole.forward, lambda x: regions.forward(x, rois), lambda x: aligned.forward(x, rois)):
        refuses(lambda call=call: call(x.astype(np.uint8)), "x is uint8", "float32 or float16")


def mistakes(module):
    x = np.zeros((1, 3, 4, 4), np.float32)
    pool, regions = PyramidPool(module, [2]), RoiPyramidPool(module, [2])
    refuses(lambda: PyramidPool(module, []), "levels")
    refuses(lambda: PyramidPool(module, [0]), "levels")
    refuses(lambda: PyramidPool(module, [1], bins="square"), "bins", "'square'", "'padded'")
    refuses(lambda: PyramidPool(module, [1], layout="CHW"), "layout", "'NHWC'")
    refuses(lambda: PyramidPool(module, [1], output_order="bins"), "output_order", "'channels'")
    refuses(lambda: PyramidPool(module, [4], bins="sliding").forward(np.zeros((1, 1, 7, 7), np.float32)), "6", "7", "4")
    refuses(lambda: pool.forward(x.astype(np.float64)), "x is float64", "float16")
    refuses(lambda: pool.forward(x[0, 0]), "x.shape", "(4, 4)")
    refuses(lambda: pool.forward(x[:, :0]), "x.shape", "0")
    y, indices = pool.forward_with_indices(x)
    refuses(lambda: pool.backward(y, x.shape), "indices")
    refuses(lambda: pool.backward(y, x.shape, indices + 16), "indices[0] is 16", "16 cells")
    refuses(lambda: pool.backward(y[:, :3], x.shape, indices), "grad_output", "3", "12")
    refuses(lambda: pool.backward(y, x.shape, indices.astype(np.int64)), "indices", "int64")
    refuses(lambda: regions.forward(x, np.zeros((1, 4))), "rois.shape", "[K, 5]")
    refuses(lambda: regions.forward(x, [[3, 0, 0, 1, 1]]), "rois", "item")
    refuses(lambda: regions.forward(x, [[0, np.nan, 0, 1, 1]]), "rois", "finite")
    refuses(lambda: RoiPyramidPool(module, [1], "spp-net", spatial_scale=1), "spatial_scale", "offset0")
    refuses(lambda: module.empty((1 << 31,)), "memory", error=MemoryError)
    assert pool.forward(x).shape == (1, 12)  # and goes on


if __name__ == "__main__":
    for check in (in_place, gives_back, outlives, shapes, orders, averages_of_regions, mistakes):
        check(Module(sys.argv[1]))
    print("as it should be")
