"""Spatial pyramid pooling in Python: simd.wasm or scalar.wasm of the npm package pyramid-pool, run by wasmtime.

Copy this file and the module. It needs `pip install wasmtime numpy`.

    import numpy as np
    from pyramid_pool import Module, PyramidPool

    module = Module("simd.wasm")
    pool = PyramidPool(module, levels=[4, 2, 1])
    x = np.ones((1, 256, 13, 13), np.float32)
    y, indices = pool.forward_with_indices(x)             # both [1, 5376]
    gradient = pool.backward(y, x.shape, indices=indices)  # [1, 256, 13, 13]

Arrays may be float32, float16, int8 or uint8. Results lie in the memory of the module, without a copy; they live as
long as someone holds them. Arguments are copied there, unless they were made by `module.empty` or are such results.
A module and its pools belong to one thread at a time; make a module for each thread.
"""

import ctypes
import struct
import weakref
from collections import OrderedDict

import numpy as np
import wasmtime

ABI_VERSION = 1
OPERATIONS = {
    "forward": 0,
    "forwardWithIndices": 1,
    "backward": 2,
    "average": 3,
    "averageBackward": 4,
    "regions": 5,
    "regionsWithIndices": 6,
    "regionsBackward": 7,
    "regionsAverage": 8,
    "regionsAverageBackward": 9,
}
ELEMENTS = {"float32": 0, "float16": 1, "int8": 2, "uint8": 3}
REALS = ("float32", "float16")
LAYOUTS = {"NCHW": 0, "NHWC": 1}
OUTPUT_ORDERS = {"levels": 0, "channels": 2}
BINS = {"adaptive": 0, "sliding": 1, "padded": 2}
REGION_RULES = {
    "roi-pool": (0, {"spatial_scale": 1.0}),
    "spp-net": (1, {"offset0": 21.0, "offset": 6.5, "step": 16.0}),
    "roi-align": (2, {"spatial_scale": 1.0, "sampling_ratio": -1, "aligned": False}),
}
PLANS = 64  # kept by each pool
WORD = 4


class Module:
    """An instance of the module, and its memory."""

    def __init__(self, wasm, config=None):
        """`wasm` is the path of the module or its bytes; `config` a `wasmtime.Config`."""
        config = config or wasmtime.Config()
        config.memory_may_move = False  # arrays in the memory stay where they are when it grows
        self._store = wasmtime.Store(wasmtime.Engine(config))
        code = wasm if isinstance(wasm, (bytes, bytearray)) else open(wasm, "rb").read()
        instance = wasmtime.Instance(self._store, wasmtime.Module(self._store.engine, code), [])
        self._exports = instance.exports(self._store)
        self._memory = self._exports["memory"]
        version = self.call("abi_version")
        if version != ABI_VERSION:
            raise ValueError(f"the module's ABI is version {version}, and this file calls version {ABI_VERSION}")
        self._base = ctypes.addressof(self._memory.data_ptr(self._store).contents)
        self._scratch = (0, 0)

    def call(self, name, *numbers):
        """Calls an export. Addresses from 2 GiB on are negative for wasmtime, and not here."""
        signed = [n - (1 << 32) if n >= 1 << 31 else n for n in numbers]
        result = self._exports[name](self._store, *signed)
        return None if result is None else result & 0xFFFFFFFF

    def empty(self, shape, dtype=np.float32):
        """An array in the memory of the module, which calls read and write in place. Its contents are undefined."""
        dtype = np.dtype(dtype)
        size = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        block = self.alloc(size)
        buffer = (ctypes.c_uint8 * max(size, 1)).from_address(self._base + block)
        weakref.finalize(buffer, self.free, block, size).atexit = False
        return np.ndarray(shape, dtype, buffer)

    def array(self, values):
        """The values as an array in the memory of the module: a copy, unless they are there."""
        if self._address(values) is not None:
            return values
        copy = self.empty(values.shape, values.dtype)
        copy[...] = values
        return copy

    def address(self, array):
        """Where an array of `empty` or `array` begins."""
        return array.__array_interface__["data"][0] - self._base if array.size else 0

    def _address(self, array):
        start = array.__array_interface__["data"][0] - self._base
        inside = 0 <= start and start + array.nbytes <= self._memory.data_len(self._store)
        fits = inside and array.flags.c_contiguous and array.flags.aligned and array.size > 0
        return start if fits else None

    def alloc(self, size):
        block = self.call("alloc", size) if size < 1 << 32 else 0
        if block == 0:
            raise MemoryError(f"{size} bytes do not fit into the memory of the module")
        return block

    def free(self, block, size):
        self.call("free", block, size)

    def write(self, block, data):
        """Writes bytes to an address."""
        ctypes.memmove(self._base + block, bytes(data), len(data))

    def words(self, address, count):
        """A copy of `count` words."""
        return np.frombuffer(ctypes.string_at(self._base + address, WORD * count), np.uint32)

    def levels(self, levels):
        """Address of a list of levels, to be freed by the caller, and its size."""
        data = np.array(levels, np.uint32).tobytes()
        block = self.alloc(len(data))
        self.write(block, data)
        return block, len(data)

    def run(self, job, words):
        """Runs a job of eight words, with `words` of working memory."""
        if self._scratch[1] < WORD * (8 + words):
            if self._scratch[1]:
                self.free(*self._scratch)
                self._scratch = (0, 0)
            size = WORD * (8 + words)
            self._scratch = (self.alloc(size), size)
        at = self._scratch[0]
        self.write(at, struct.pack("<8I", *job))
        self.call("run", at, 1, 0, self.call("job_units", at, 1), at + 8 * WORD)


class _Pool:
    def __init__(self, module, levels, reduction, layout, output_order):
        self.module = module
        self.levels = [(n, n) if isinstance(n, (int, np.integer)) else tuple(n) for n in levels]
        if not self.levels or any(len(level) != 2 or min(level) < 1 for level in self.levels):
            raise ValueError(f"levels is {levels!r}; it must be a list of n or (rows, columns), from 1 up")
        self.reduction = _one_of("reduction", reduction, ("max", "average"))
        self.layout = _one_of("layout", layout, LAYOUTS)
        order = _one_of("output_order", output_order, OUTPUT_ORDERS)
        self.arrangement = LAYOUTS[layout] + OUTPUT_ORDERS[order]
        self.bins = sum(rows * columns for rows, columns in self.levels)

    def _map(self, x, name):
        """Checks a map, and gives it with its batch, channels, height and width."""
        x = np.asarray(x)
        _check_type(name, x, ELEMENTS if self.reduction == "max" else REALS)
        return x, self._shape(x.shape, f"{name}.shape")

    def _shape(self, shape, name):
        order = "[N, C, H, W]" if self.layout == "NCHW" else "[N, H, W, C]"
        if len(shape) not in (3, 4):
            raise ValueError(f"{name} is {tuple(shape)}; it must be {order}, or without N")
        batch, *item = shape if len(shape) == 4 else (1, *shape)
        if 0 in item:
            raise ValueError(f"{name} is {tuple(shape)}; only N may be 0")
        channels, height, width = item if self.layout == "NCHW" else (item[2], item[0], item[1])
        return batch, channels, height, width

    def _target(self, out, shape, dtype, name):
        """The array that a result is written to: `out`, or a new one."""
        if out is None:
            return self.module.empty(shape, dtype)
        if out.shape != tuple(shape) or out.dtype != dtype:
            raise ValueError(f"{name} is {out.dtype} of {out.shape}; it must be {np.dtype(dtype)} of {tuple(shape)}")
        if out.size and self.module._address(out) is None:
            raise ValueError(f"{name} must be an array of module.empty")
        return out

    def _gradient(self, grad_output, rows, channels):
        gradient = np.asarray(grad_output)
        _check_type("grad_output", gradient, REALS)
        if gradient.size != rows * channels * self.bins:
            raise ValueError(f"grad_output has {gradient.size} elements; it must have {rows * channels * self.bins}")
        return self.module.array(gradient)

    def _indices(self, indices, gradient, cells, nowhere):
        if indices is None:
            raise ValueError("indices of the forward call are missing")
        indices = np.asarray(indices)
        _check_type("indices", indices, ("int32",))
        if indices.size != gradient.size:
            raise ValueError(f"indices has {indices.size} elements; it must have {gradient.size}")
        indices = self.module.array(indices)
        bad = self.module.call("first_bad_index", self.module.address(indices), indices.size, cells, int(nowhere))
        if bad != indices.size:
            raise ValueError(f"indices[{bad}] is {indices.flat[bad]}; a plane has {cells} cells")
        return indices

    def _run(self, operation, plan, scratch, shape, x, y, indices=None):
        number, element = OPERATIONS[operation], ELEMENTS[x.dtype.name]
        at = self.module.address
        job = (plan, shape[0], shape[1], number, at(x), at(y), 0 if indices is None else at(indices), element)
        self.module.run(job, self.module.call(scratch, plan, number, element))


class PyramidPool(_Pool):
    """The pyramid over whole maps [N, C, H, W] or [N, H, W, C], with or without N.

    With `output_order="channels"` a row is [C, bins], those of all levels for each channel.
    """

    def __init__(self, module, levels, reduction="max", bins="adaptive", layout="NCHW", output_order="levels"):
        super().__init__(module, levels, reduction, layout, output_order)
        self.rule = _one_of("bins", bins, BINS)
        self._plans = OrderedDict()
        weakref.finalize(self, _free_plans, module, self._plans).atexit = False

    def forward(self, x, out=None):
        """Pools maps: an array [N, channels * bins] of their type. Averages are of float32 or float16."""
        x, shape = self._map(x, "x")
        y = self._target(out, self._rows(x.ndim, shape), x.dtype, "out")
        self._call("forward" if self.reduction == "max" else "average", shape, self.module.array(x), y)
        return y

    def forward_with_indices(self, x, out=None):
        """Pools as `forward`, and gives for each maximum its `row * width + column` in the plane, as int32."""
        if self.reduction != "max":
            raise ValueError("only maxima have indices")
        x, shape = self._map(x, "x")
        y, indices = out or (None, None)
        y = self._target(y, self._rows(x.ndim, shape), x.dtype, "out[0]")
        indices = self._target(indices, y.shape, np.int32, "out[1]")
        self._call("forwardWithIndices", shape, self.module.array(x), y, indices)
        return y, indices

    def backward(self, grad_output, shape, indices=None, out=None):
        """The gradient with respect to maps of `shape`. Maxima need the indices of their forward call."""
        sizes = self._shape(shape, "shape")
        gradient = self._gradient(grad_output, sizes[0], sizes[1])
        if self.reduction == "max":
            indices = self._indices(indices, gradient, sizes[2] * sizes[3], False)
        target = self._target(out, shape, gradient.dtype, "out")
        operation = "backward" if self.reduction == "max" else "averageBackward"
        self._call(operation, sizes, target, gradient, indices)
        return target

    def bin_bounds(self, height, width):
        """Which cells the bins read: for each level the pairs (start, end) of its rows, and of its columns."""
        return [(self._axis(height, rows), self._axis(width, columns)) for rows, columns in self.levels]

    def _axis(self, size, n):
        self._check_count(size, n)
        bounds = self.module.empty((n, 2), np.uint32)
        self.module.call("bin_bounds", BINS[self.rule], size, n, self.module.address(bounds))
        return bounds.copy()

    def _check_count(self, size, n):
        count = self.module.call("bin_count", BINS[self.rule], size, n)
        if count != n:
            raise ValueError(f"the rule {self.rule!r} gives {count} bins for {size} cells and a level of {n}")

    def _rows(self, rank, shape):
        row = shape[1] * self.bins
        return (row,) if rank == 3 else (shape[0], row)

    def _call(self, operation, shape, x, y, indices=None):
        self._run(operation, self._plan(*shape[2:]), "plan_scratch", shape, x, y, indices)

    def _plan(self, height, width):
        plan = self._plans.get((height, width))
        if plan is None:
            plan = self._plans[height, width] = self._make_plan(height, width)
            if len(self._plans) > PLANS:
                self.module.call("plan_free", self._plans.popitem(last=False)[1])
        self._plans.move_to_end((height, width))
        return plan

    def _make_plan(self, height, width):
        for rows, columns in self.levels:
            self._check_count(height, rows)
            self._check_count(width, columns)
        block, size = self.module.levels(self.levels)
        rule = BINS[self.rule]
        plan = self.module.call("plan_new", height, width, block, len(self.levels), rule, self.arrangement)
        self.module.free(block, size)
        return _checked_plan(plan)


class RoiPyramidPool(_Pool):
    """The pyramid over regions of maps: [K, 5] of item, x1, y1, x2, y2, positions in the image.

    `roi-pool` and `spp-net` take maxima, or averages of float32 or float16 with `reduction="average"`; `roi-align` averages
    always. The numbers of a rule are keywords.
    """

    def __init__(
        self, module, levels, rule="roi-pool", layout="NCHW", output_order="levels", reduction=None, **numbers
    ):
        self.rule, defaults = _one_of("rule", rule, REGION_RULES), REGION_RULES[rule][1]
        if rule == "roi-align":
            reduction = _one_of("reduction of roi-align", reduction or "average", ("average",))
        super().__init__(module, levels, reduction or "max", layout, output_order)
        other = set(numbers) - set(defaults)
        if other:
            raise ValueError(f"{rule} has no {', '.join(sorted(other))}; it has {', '.join(defaults)}")
        self.numbers = [float(numbers.get(name, value)) for name, value in defaults.items()]

    def forward(self, x, rois):
        """Pools regions: an array [K, channels * bins]."""
        return self._forward("regions" + self._average, x, rois)[0]

    def forward_with_indices(self, x, rois):
        """Pools as `forward`, with indices: -1 where a bin has no cell."""
        if self.reduction != "max":
            raise ValueError("only maxima have indices")
        return self._forward("regionsWithIndices", x, rois)

    def backward(self, grad_output, shape, rois, indices=None):
        """The gradient with respect to maps of `shape`. Maxima need the indices of their forward call."""
        sizes, rois = self._shape(shape, "shape"), self._rois(rois)
        gradient = self._gradient(grad_output, len(rois), sizes[1])
        if self.reduction == "max":
            indices = self._indices(indices, gradient, sizes[2] * sizes[3], True)
        target = self.module.empty(shape, gradient.dtype)
        self._call(f"regions{self._average}Backward", sizes, rois, target, gradient, indices)
        return target

    @property
    def _average(self):
        return "Average" if self.reduction == "average" and self.rule != "roi-align" else ""

    def _forward(self, operation, x, rois):
        (x, shape), rois = self._map(x, "x"), self._rois(rois)
        y = self.module.empty((len(rois), shape[1] * self.bins), x.dtype)
        indices = self.module.empty(y.shape, np.int32) if operation == "regionsWithIndices" else None
        self._call(operation, shape, rois, self.module.array(x), y, indices)
        return y, indices

    def _call(self, operation, shape, rois, x, y, indices):
        plan = self._make_plan(shape, rois)
        try:
            self._run(operation, plan, "regions_scratch", shape, x, y, indices)
        finally:
            self.module.call("regions_free", plan)

    def _make_plan(self, shape, rois):
        batch, _, height, width = shape
        block, size = self.module.levels(self.levels)
        words = [batch, height, width, block, len(self.levels), self.arrangement, REGION_RULES[self.rule][0]]
        words += [self.module.address(rois), len(rois), 0]
        data = struct.pack("<10I3d", *words, *self.numbers, *[0.0] * (3 - len(self.numbers)))
        request = self.module.alloc(len(data))
        self.module.write(request, data)
        plan = self.module.call("regions_new", request)
        self.module.free(request, len(data))
        self.module.free(block, size)
        return _checked_plan(plan)

    def _rois(self, rois):
        rois = np.asarray(rois, np.float32)
        if rois.ndim != 2 or rois.shape[1] != 5:
            raise ValueError(f"rois.shape is {rois.shape}; it must be [K, 5]: item, x1, y1, x2, y2")
        return self.module.array(rois)


def _checked_plan(plan):
    if plan == 0:
        raise MemoryError("no memory for a plan")
    if plan == 1:
        raise ValueError("the map, or its bins, have more cells than 31 bits count")
    if plan == 2:
        raise ValueError("rois: an item that the map does not have, or a position that is not finite")
    return plan


def _free_plans(module, plans):
    for plan in plans.values():
        module.call("plan_free", plan)


def _one_of(name, value, choices):
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(map(repr, choices))}")
    return value


def _check_type(name, array, types):
    if array.dtype.name not in types:
        raise ValueError(f"{name} is {array.dtype}; it must be {' or '.join(types)}")
