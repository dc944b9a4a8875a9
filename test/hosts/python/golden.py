"""The answers of test/golden, asked of the host in Python: `golden.py WASM`. Prints how many cases agree, or fails."""

import json
import sys
from pathlib import Path

import numpy as np

root = Path(__file__).parents[3]
sys.path.insert(0, str(root / "demo/hosts/python"))
from pyramid_pool import Module, PyramidPool, RoiPyramidPool  # noqa: E402

RULES = {"spp": "adaptive", "paper_sliding": "sliding", "caffe_spp": "padded"}

def read(folder):
    """The cases in a folder, each with the bytes that its tensors lie in."""
    data = (folder / "data.bin").read_bytes()
    return [{**case, "data": data} for case in json.loads((folder / "index.json").read_text())["cases"]]


def tensor(case, name):
    entry = case["tensors"][name]
    dtype = {"f32": "<f4", "i32": "<i4"}[entry["dtype"]]
    return np.frombuffer(case["data"], dtype, int(np.prod(entry["shape"])), entry["offset"]).reshape(entry["shape"])


def map_of(case):
    if "x" in case["tensors"]:
        return tensor(case, "x")
    state, steps = case["x_gen"]["seed"], case["x_gen"]["steps"]
    values = np.empty(int(np.prod(case["shape"])), np.float32)
    for i in range(values.size):
        state = (state * 1664525 + 1013904223) % (1 << 32)
        value = (state >> 9) / 4194304 - 1
        values[i] = np.floor(value * steps) / steps if steps > 0 else value
    return values.reshape(case["shape"])


def gradient_of(case):
    if "gx" in case["tensors"]:
        return tensor(case, "gx")
    dense = np.zeros(int(np.prod(case["shape"])), np.float32)
    dense[tensor(case, "gx_index").ravel()] = tensor(case, "gx_value").ravel()
    return dense.reshape(case["shape"])


def to_layout(x, layout):
    return x if layout == "NCHW" else np.ascontiguousarray(x.transpose(0, 2, 3, 1))


def rows_to_layout(rows, channels, levels, layout):
    """Rows of an output, each level turned from [C, nh, nw] to [nh, nw, C]."""
    if layout == "NCHW" or rows.size == 0:
        return rows
    parts, at = [], 0
    for nh, nw in levels:
        part = rows[:, at : at + channels * nh * nw].reshape(len(rows), channels, nh * nw)
        parts.append(part.transpose(0, 2, 1).reshape(len(rows), -1))
        at += channels * nh * nw
    return np.ascontiguousarray(np.concatenate(parts, 1))


def expect_bits(found, wanted, what):
    """The same bits, with one NaN for all."""
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        raise AssertionError(f"{what}: {found.dtype} of {found.shape}, not {wanted.dtype} of {wanted.shape}")
    same = (found.view(np.int32) == wanted.view(np.int32)) | (np.isnan(found) & np.isnan(wanted))
    if not same.all():
        at = np.unravel_index(np.argmin(same), same.shape)
        raise AssertionError(f"{what}: {found[at]} at {at}, not {wanted[at]}")


def expect_close(found, wanted, tolerance, what):
    """The same up to rounding, with NaN and infinities in the same places."""
    finite = np.isfinite(wanted)
    np.testing.assert_array_equal(found[~finite], wanted[~finite], what)
    largest = np.abs(wanted[finite]).max(initial=1.0)
    np.testing.assert_allclose(found[finite], wanted[finite], rtol=0, atol=tolerance * largest, err_msg=what)


def check_map(module, case, layout, what):
    channels, levels = case["shape"][1], case["levels"]
    rows = lambda name: rows_to_layout(tensor(case, name), channels, levels, layout)
    x, gx = to_layout(map_of(case), layout), to_layout(gradient_of(case), layout)
    reduction = "max" if case["pool"] == "max" else "average"
    pool = PyramidPool(module, levels, reduction, RULES[case["kind"]], layout)
    if reduction == "average":
        largest = np.abs(x[np.isfinite(x)]).max(initial=1.0)
        y = pool.forward(x)
        finite = np.isfinite(rows("y"))
        np.testing.assert_allclose(y[finite], rows("y")[finite], rtol=0, atol=4e-6 * largest, err_msg=what)
        np.testing.assert_array_equal(y[~finite], rows("y")[~finite], what)
        expect_close(pool.backward(rows("gy"), x.shape), gx, 1e-5, what)
        return
    expect_bits(pool.forward(x), rows("y"), f"{what}: forward")
    y, indices = pool.forward_with_indices(x)
    expect_bits(y, rows("y"), f"{what}: output")
    expect_bits(indices, rows("argmax"), f"{what}: indices")
    gradient = pool.backward(rows("gy"), x.shape, indices)
    if "gx" in case["exact"]:
        expect_bits(gradient, gx, f"{what}: gradient")
    else:
        expect_close(gradient, gx, 1e-5, f"{what}: gradient")


def check_regions(module, case, layout, what):
    x = map_of(case)
    levels, windows = case["levels"], case["kind"] == "sppnet_window"
    if windows:
        x = x[None]  # one image, and boxes that are 1-based
        boxes = tensor(case, "boxes") - 1
        rois = np.concatenate([np.zeros((len(boxes), 1), np.float32), boxes], 1)
        numbers = {name: case[name] for name in ("offset0", "offset", "step")}
    else:
        rois, numbers = tensor(case, "rois"), {"spatial_scale": case["spatial_scale"]}
    rows = lambda name: rows_to_layout(tensor(case, name), x.shape[1], levels, layout)
    pool = RoiPyramidPool(module, levels, "spp-net" if windows else "roi-pool", layout, **numbers)
    map_ = to_layout(x, layout)
    y, indices = pool.forward_with_indices(map_, rois)
    # The recorded maxima of windows begin at zero.
    floor = (lambda y: np.where(y > 0, y, np.float32(0))) if windows else (lambda y: y)
    expect_bits(floor(y), rows("y"), f"{what}: output")
    expect_bits(floor(pool.forward(map_, rois)), rows("y"), f"{what}: forward")
    if windows:
        return
    expect_bits(indices, rows("argmax"), f"{what}: indices")
    gradient = pool.backward(rows("gy"), map_.shape, rois, indices)
    gx = to_layout(gradient_of(case), layout)
    if "gx" in case["exact"]:
        expect_bits(gradient, gx, f"{what}: gradient")
    else:
        expect_close(gradient, gx, 1e-5, f"{what}: gradient")


def check_align(module, case, layout, what):
    x, rois, levels = tensor(case, "x"), tensor(case, "rois"), case["levels"]
    rows = lambda name: rows_to_layout(tensor(case, name), x.shape[1], levels, layout)
    numbers = {name: case[name] for name in ("spatial_scale", "sampling_ratio", "aligned")}
    pool = RoiPyramidPool(module, levels, "roi-align", layout, **numbers)
    map_ = to_layout(x, layout)
    expect_bits(pool.forward(map_, rois), rows("y"), f"{what}: output")
    gradient = pool.backward(rows("gy"), map_.shape, rois)
    expect_bits(gradient, to_layout(tensor(case, "gx"), layout), f"{what}: gradient")


CHECKS = {**dict.fromkeys(RULES, check_map), "roi_align": check_align}


def main(wasm):
    module = Module(wasm)
    cases = read(root / "test/golden") + read(root / "test/golden/align")
    for case in cases:
        check = CHECKS.get(case["kind"], check_regions)
        for layout in ("NCHW", "NHWC"):
            check(module, case, layout, f"{case['id']}, {layout}")
    print(f"{len(cases)} cases agree")


if __name__ == "__main__":
    main(sys.argv[1])
