#!/usr/bin/env python3
"""Makes backbone.onnx, a convolution over maps of any size, and head.onnx, a fully connected layer behind [4, 2, 1].

usage: make.py DIR   (with onnx 1.22.0 and numpy)
"""
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

FILTERS = 5
FEATURES = FILTERS * (16 + 4 + 1)
CLASSES = 3


def weights(name, *shape):
    values = np.random.default_rng(len(name)).standard_normal(shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def model(name, nodes, inputs, outputs, initializers):
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        nodes, name, [value(*i) for i in inputs], [value(*o) for o in outputs], initializers
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(made, full_check=True)
    return made


folder = Path(sys.argv[1])
convolution = helper.make_node(
    "Conv", ["image", "filters", "bias"], ["sums"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]
)
backbone = model(
    "backbone",
    [convolution, helper.make_node("Relu", ["sums"], ["features"])],
    [("image", ["N", 2, "H", "W"])],
    [("features", ["N", FILTERS, "h", "w"])],
    [weights("filters", FILTERS, 2, 3, 3), weights("bias", FILTERS)],
)
head = model(
    "head",
    [helper.make_node("Gemm", ["pooled", "matrix", "offsets"], ["scores"])],
    [("pooled", ["N", FEATURES])],
    [("scores", ["N", CLASSES])],
    [weights("matrix", FEATURES, CLASSES), weights("offsets", CLASSES)],
)
save(backbone, folder / "backbone.onnx")
save(head, folder / "head.onnx")
