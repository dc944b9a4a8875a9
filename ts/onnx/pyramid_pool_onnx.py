#!/usr/bin/env python3
"""Exports PyTorch models with adaptive pooling to ONNX files of any input size that every ONNX runtime can run.

Copy this file next to your own code. It needs torch and onnx, and for the new exporter onnxscript.

    from pyramid_pool_onnx import export
    export(model, (image,), 'model.onnx')

The model stays as it is. nn.AdaptiveMaxPool1d/2d, nn.AdaptiveAvgPool1d/2d and their functional forms become operators of the domain
`pyramid_pool`. Each operator has a body of standard ONNX operators in the file. A runtime that has no kernel for the operator runs its body.

From a terminal, to add the bodies to a file that has the operators without them:

    python pyramid_pool_onnx.py model.onnx -o portable.onnx [--inline]
"""

import argparse
import inspect
import json
import os
import warnings

import onnx
from onnx import TensorProto, helper

__all__ = ["add_bodies", "export"]

DOMAIN = "pyramid_pool"
VERSION = 1
OLDEST_OPSET = 13

# Written by scripts/onnx-operators.mjs: the same text as operators.json.
OPERATORS = json.loads(
    r"""
{"domain":"pyramid_pool","version":1,"operators":{
  "AdaptiveMaxPool":{"inputs":["X"],"outputs":["Y"],"attributes":["output_size"],"nodes":[
    ["Shape","X","shape"],
    ["Constant","","given",{"value_ints":"@output_size"}],
    ["Constant","","zero",{"value_int":0}],
    ["Constant","","one",{"value_int":1}],
    ["Constant","","last",{"value_int":-1}],
    ["Constant","","last_but_one",{"value_int":-2}],
    ["Constant","","column",{"value_ints":[1]}],
    ["Gather","shape last","width"],
    ["Gather","shape last_but_one","height"],
    ["Size","shape","rank"],
    ["Size","given","numbers"],
    ["Add","rank numbers","sum"],
    ["Constant","","five",{"value_int":5}],
    ["Less","sum five","is_line"],
    ["Gather","given last","given_columns"],
    ["Gather","given zero","given_rows"],
    ["Less","given_columns one","keeps_columns"],
    ["Less","given_rows one","keeps_rows"],
    ["Or","is_line keeps_rows","keeps_height"],
    ["Where","keeps_columns width given_columns","columns"],
    ["Where","keeps_height height given_rows","rows"],
    ["Range","zero rows one","rows_i"],
    ["Mul","rows_i height","rows_scaled"],
    ["Div","rows_scaled rows","rows_begin"],
    ["Add","rows_i one","rows_next"],
    ["Mul","rows_next height","rows_scaled_end"],
    ["Add","rows_scaled_end rows","rows_ends_up"],
    ["Sub","rows_ends_up one","rows_ends"],
    ["Div","rows_ends rows","rows_end"],
    ["Sub","rows_end rows_begin","rows_length"],
    ["ReduceMax","rows_length","rows_longest",{"keepdims":0}],
    ["Range","zero rows_longest one","rows_step"],
    ["Unsqueeze","rows_begin column","rows_first"],
    ["Sub","rows_end one","rows_limit_row"],
    ["Unsqueeze","rows_limit_row column","rows_limit"],
    ["Add","rows_first rows_step","rows_places"],
    ["Min","rows_places rows_limit","rows_at"],
    ["Gather","X rows_at","rows_cells",{"axis":-2}],
    ["ReduceMax","rows_cells","strips",{"axes":[-2],"keepdims":0},[13,17]],
    ["Constant","","rows_axis",{"value_ints":[-2]},[18,999]],
    ["ReduceMax","rows_cells rows_axis","strips",{"keepdims":0},[18,999]],
    ["Range","zero columns one","columns_i"],
    ["Mul","columns_i width","columns_scaled"],
    ["Div","columns_scaled columns","columns_begin"],
    ["Add","columns_i one","columns_next"],
    ["Mul","columns_next width","columns_scaled_end"],
    ["Add","columns_scaled_end columns","columns_ends_up"],
    ["Sub","columns_ends_up one","columns_ends"],
    ["Div","columns_ends columns","columns_end"],
    ["Sub","columns_end columns_begin","columns_length"],
    ["ReduceMax","columns_length","columns_longest",{"keepdims":0}],
    ["Range","zero columns_longest one","columns_step"],
    ["Unsqueeze","columns_begin column","columns_first"],
    ["Sub","columns_end one","columns_limit_row"],
    ["Unsqueeze","columns_limit_row column","columns_limit"],
    ["Add","columns_first columns_step","columns_places"],
    ["Min","columns_places columns_limit","columns_at"],
    ["Gather","strips columns_at","columns_cells",{"axis":-1}],
    ["ReduceMax","columns_cells","Y",{"axes":[-1],"keepdims":0},[13,17]],
    ["Constant","","columns_axis",{"value_ints":[-1]},[18,999]],
    ["ReduceMax","columns_cells columns_axis","Y",{"keepdims":0},[18,999]]
  ]},
  "AdaptiveAveragePool":{"inputs":["X"],"outputs":["Y"],"attributes":["output_size"],"nodes":[
    ["Shape","X","shape"],
    ["Constant","","given",{"value_ints":"@output_size"}],
    ["Constant","","zero",{"value_int":0}],
    ["Constant","","one",{"value_int":1}],
    ["Constant","","last",{"value_int":-1}],
    ["Constant","","last_but_one",{"value_int":-2}],
    ["Constant","","column",{"value_ints":[1]}],
    ["Gather","shape last","width"],
    ["Gather","shape last_but_one","height"],
    ["Size","shape","rank"],
    ["Size","given","numbers"],
    ["Add","rank numbers","sum"],
    ["Constant","","five",{"value_int":5}],
    ["Less","sum five","is_line"],
    ["Gather","given last","given_columns"],
    ["Gather","given zero","given_rows"],
    ["Less","given_columns one","keeps_columns"],
    ["Less","given_rows one","keeps_rows"],
    ["Or","is_line keeps_rows","keeps_height"],
    ["Where","keeps_columns width given_columns","columns"],
    ["Where","keeps_height height given_rows","rows"],
    ["Constant","","none",{"value_float":0}],
    ["Cast","X","X_float",{"to":1}],
    ["Range","zero rows one","rows_i"],
    ["Mul","rows_i height","rows_scaled"],
    ["Div","rows_scaled rows","rows_begin"],
    ["Add","rows_i one","rows_next"],
    ["Mul","rows_next height","rows_scaled_end"],
    ["Add","rows_scaled_end rows","rows_ends_up"],
    ["Sub","rows_ends_up one","rows_ends"],
    ["Div","rows_ends rows","rows_end"],
    ["Sub","rows_end rows_begin","rows_length"],
    ["ReduceMax","rows_length","rows_longest",{"keepdims":0}],
    ["Range","zero rows_longest one","rows_step"],
    ["Unsqueeze","rows_begin column","rows_first"],
    ["Sub","rows_end one","rows_limit_row"],
    ["Unsqueeze","rows_limit_row column","rows_limit"],
    ["Add","rows_first rows_step","rows_places"],
    ["Min","rows_places rows_limit","rows_at"],
    ["Gather","X_float rows_at","rows_cells",{"axis":-2}],
    ["Unsqueeze","rows_length column","rows_lengths"],
    ["Less","rows_step rows_lengths","rows_counts"],
    ["Constant","","plane",{"value_ints":[2]}],
    ["Unsqueeze","rows_counts plane","rows_mask"],
    ["Where","rows_mask rows_cells none","rows_used"],
    ["Constant","","rows_axis",{"value_ints":[-2]}],
    ["ReduceSum","rows_used rows_axis","rows_total",{"keepdims":0}],
    ["Cast","rows_lengths","rows_divisor",{"to":1}],
    ["Div","rows_total rows_divisor","strips"],
    ["Range","zero columns one","columns_i"],
    ["Mul","columns_i width","columns_scaled"],
    ["Div","columns_scaled columns","columns_begin"],
    ["Add","columns_i one","columns_next"],
    ["Mul","columns_next width","columns_scaled_end"],
    ["Add","columns_scaled_end columns","columns_ends_up"],
    ["Sub","columns_ends_up one","columns_ends"],
    ["Div","columns_ends columns","columns_end"],
    ["Sub","columns_end columns_begin","columns_length"],
    ["ReduceMax","columns_length","columns_longest",{"keepdims":0}],
    ["Range","zero columns_longest one","columns_step"],
    ["Unsqueeze","columns_begin column","columns_first"],
    ["Sub","columns_end one","columns_limit_row"],
    ["Unsqueeze","columns_limit_row column","columns_limit"],
    ["Add","columns_first columns_step","columns_places"],
    ["Min","columns_places columns_limit","columns_at"],
    ["Gather","strips columns_at","columns_cells",{"axis":-1}],
    ["Unsqueeze","columns_length column","columns_lengths"],
    ["Less","columns_step columns_lengths","columns_counts"],
    ["Where","columns_counts columns_cells none","columns_used"],
    ["Constant","","columns_axis",{"value_ints":[-1]}],
    ["ReduceSum","columns_used columns_axis","columns_total",{"keepdims":0}],
    ["Cast","columns_length","columns_divisor",{"to":1}],
    ["Div","columns_total columns_divisor","Y_float"],
    ["Cast","Y_float","Y",{"to":"@type"},[13,14]],
    ["CastLike","Y_float X","Y",{},[15,999]]
  ]}
}}
"""
)["operators"]


def export(
    model,
    args,
    path,
    dynamic_shapes=None,
    *,
    exporter="new",
    opset=None,
    input_names=None,
    output_names=None,
    inline=False,
    external_data=False,
):
    """Exports `model`, called with the example inputs `args`, to the file `path`, and returns the ONNX model.

    dynamic_shapes: for each input the axes whose size may change, such as ({0: 'n', 2: 'h', 3: 'w'},). By default these are all
        axes but that of the channels, of each input of rank 3 or 4.
    exporter: 'new' (torch.export) or 'legacy' (tracing).
    opset: version of ONNX's own operators, from 13 up; by default the exporter's.
    inline: write the bodies in place of the operators, for runtimes that know no functions.
    external_data: keep the weights in a file of their own, which models above 2 GB need.
    """
    exporters = {"new": _export_new, "legacy": _export_legacy}
    if exporter not in exporters:
        raise ValueError(f"exporter is {exporter!r}, but must be 'new' or 'legacy'")
    if opset is not None and opset < OLDEST_OPSET:
        raise ValueError(f"opset is {opset}, but must be {OLDEST_OPSET} or later: the bodies use operators of that version")
    args = args if isinstance(args, tuple) else (args,)
    if dynamic_shapes is None:
        dynamic_shapes = tuple(_default_axes(arg) for arg in args)
    dynamic_shapes = _by_position(model, dynamic_shapes)
    args = tuple(_repeat(arg, axes) for arg, axes in zip(args, dynamic_shapes))
    names = dict(input_names=input_names, output_names=output_names)
    was_training = model.training
    model.eval()
    try:
        exporters[exporter](model, args, str(path), dynamic_shapes, opset, external_data, names)
    finally:
        model.train(was_training)
    exported = onnx.load(str(path), load_external_data=False)
    try:
        _refuse(exported)
    except ValueError:
        os.remove(path)
        raise
    _strip(exported)
    add_bodies(exported, inline=inline)
    onnx.save(exported, str(path))
    return exported


# The new exporter.


def _export_new(model, args, path, dynamic_shapes, opset, external_data, names):
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            args,
            path,
            dynamo=True,
            dynamic_shapes=dynamic_shapes,
            custom_translation_table=_translations(),
            opset_version=opset,
            external_data=external_data,
            verbose=False,
            **names,
        )


def _translations():
    """What each of PyTorch's operators becomes."""
    import torch
    from onnx.defs import OpSchema
    from onnxscript import values

    def operator(name):
        types = ("T", ["tensor(float)", "tensor(float16)"], "")
        schema = OpSchema(
            name,
            DOMAIN,
            VERSION,
            inputs=[OpSchema.FormalParameter("X", "T")],
            outputs=[OpSchema.FormalParameter("Y", "T")],
            type_constraints=[types],
            attributes=[OpSchema.Attribute("output_size", OpSchema.AttrType.INTS, required=True)],
        )
        return values.Op(values.Opset(DOMAIN, VERSION), name, schema)

    def greatest(dims):
        pool, indices = operator("AdaptiveMaxPool"), operator("Indices")

        def translation(self, output_size):
            sizes = _sizes(output_size, self, dims)
            return pool(self, output_size=sizes), indices(self, output_size=sizes)

        return translation

    def average(dims):
        pool = operator("AdaptiveAveragePool")
        return lambda self, output_size: pool(self, output_size=_sizes(output_size, self, dims))

    def volume(count):
        refused = operator("Volume")

        def translation(self, output_size):
            values = [refused(self, output_size=[1])] * count
            return values[0] if count == 1 else tuple(values)

        return translation

    aten = torch.ops.aten
    return {
        aten.adaptive_max_pool1d.default: greatest(1),
        aten.adaptive_max_pool2d.default: greatest(2),
        aten.adaptive_max_pool3d.default: volume(2),
        aten.adaptive_avg_pool1d.default: average(1),
        aten.adaptive_avg_pool2d.default: average(2),
        aten._adaptive_avg_pool2d.default: average(2),
        aten.adaptive_avg_pool3d.default: volume(1),
        aten._adaptive_avg_pool3d.default: volume(1),
    }


def _sizes(output_size, x, dims):
    """The numbers of bins: -1 where an axis keeps the size that it has in `x`."""
    given = list(output_size) if isinstance(output_size, (list, tuple)) else [output_size] * dims
    given = given * dims if len(given) < dims else given
    return [size if isinstance(size, int) else _kept(size, x, dims - axis) for axis, size in enumerate(given)]


def _kept(size, x, from_end):
    """-1 if `size`, a value of the graph, is the size of `x` along that axis, counted from the last."""
    shape = getattr(x, "shape", None)
    node = size.producer() if hasattr(size, "producer") else None
    while node is not None and node.op_type in ("Squeeze", "Cast", "Gather", "Reshape", "Identity", "Unsqueeze"):
        node = node.inputs[0].producer()
    if node is not None and node.op_type == "Shape" and shape is not None:
        start = node.attributes["start"].as_int() if "start" in node.attributes else 0
        source = node.inputs[0].shape
        if source is not None and source[start] == shape[len(shape) - from_end]:
            return -1
    raise ValueError(
        "the output size of an adaptive pooling layer depends on its input: "
        "ONNX needs a number, or None for an axis that keeps its size"
    )


# The legacy exporter.


def _export_legacy(model, args, path, dynamic_shapes, opset, external_data, names):
    import torch

    opset = opset or 17
    inputs = names["input_names"] or _parameters(model)[: len(args)]
    axes = {
        name: {axis: str(getattr(dim, "__name__", dim)) for axis, dim in dims.items()}
        for name, dims in zip(inputs, dynamic_shapes)
        if dims
    }
    symbolics = _symbolics()
    for name, symbolic in symbolics.items():
        torch.onnx.register_custom_op_symbolic(name, symbolic, opset)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                model,
                args,
                path,
                dynamo=False,
                dynamic_axes=axes,
                input_names=inputs,
                output_names=names["output_names"],
                opset_version=opset,
                custom_opsets={DOMAIN: VERSION},
                external_data=external_data,
            )
    finally:
        for name in symbolics:
            torch.onnx.unregister_custom_op_symbolic(name, opset)


def _symbolics():
    """What each of PyTorch's operators becomes, for the legacy exporter."""
    from torch.onnx import symbolic_helper

    def numbers(value, x):
        try:
            sizes = symbolic_helper._parse_arg(value, "is")
            return [sizes] if isinstance(sizes, int) else list(sizes)
        except Exception:
            pass
        if not symbolic_helper._is_packed_list(value):
            raise ValueError("the output size of an adaptive pooling layer must be known when the model is exported")
        # A size that is not a number is that of the input: None in PyTorch.
        items = symbolic_helper._unpack_list(value)
        sizes = [symbolic_helper._maybe_get_const(item, "i") for item in items]
        return [size if isinstance(size, int) else -1 for size in sizes]

    def call(name, g, x, sizes):
        made = g.op(f"{DOMAIN}::{name}", x, output_size_i=sizes)
        known = x.type().sizes() if hasattr(x.type(), "sizes") else None
        if known is not None:
            bins = [None if size < 0 else size for size in sizes]
            made.setType(x.type().with_sizes([*known[: len(known) - len(bins)], *bins]))
        return made

    def greatest(g, x, output_size):
        sizes = numbers(output_size, x)
        return call("AdaptiveMaxPool", g, x, sizes), call("Indices", g, x, sizes)

    def average(g, x, output_size):
        return call("AdaptiveAveragePool", g, x, numbers(output_size, x))

    def max_volume(g, x, output_size):
        return call("Volume", g, x, [1]), call("Volume", g, x, [1])

    def average_volume(g, x, output_size):
        return call("Volume", g, x, [1])

    return {
        "aten::adaptive_max_pool1d": greatest,
        "aten::adaptive_max_pool2d": greatest,
        "aten::adaptive_max_pool3d": max_volume,
        "aten::adaptive_avg_pool1d": average,
        "aten::adaptive_avg_pool2d": average,
        "aten::adaptive_avg_pool3d": average_volume,
    }


# Inputs.


def _parameters(model):
    return [name for name in inspect.signature(model.forward).parameters]


def _default_axes(arg):
    """The axes of one input that may change: all but the channels'."""
    rank = getattr(arg, "ndim", 0)
    return {4: {0: "n", 2: "h", 3: "w"}, 3: {0: "n", 2: "length"}}.get(rank)


def _by_position(model, dynamic_shapes):
    if not isinstance(dynamic_shapes, dict):
        return tuple(dynamic_shapes)
    return tuple(dynamic_shapes.get(name) for name in _parameters(model) if name in dynamic_shapes)


def _repeat(arg, axes):
    """An example with at least two entries along each axis that may change: torch.export takes a single one for a constant."""
    if not hasattr(arg, "repeat") or not axes:
        return arg
    return arg.repeat(*[2 if axis in axes and size == 1 else 1 for axis, size in enumerate(arg.shape)])


# The exported graph.


def _graphs(model):
    """All graphs of a model: its own, and those inside its nodes."""
    left = [model.graph]
    while left:
        graph = left.pop()
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                left.extend([attribute.g] if attribute.HasField("g") else attribute.graphs)


def _refuse(model):
    """Fails where the graph has what ONNX cannot hold, and removes the indices that nothing reads."""
    for graph in _graphs(model):
        read = {name for node in graph.node for name in node.input} | {value.name for value in graph.output}
        for node in list(graph.node):
            if node.domain != DOMAIN:
                continue
            if node.op_type == "Volume":
                raise ValueError(
                    "adaptive pooling over 3 dimensions has no operator in pyramid_pool: pool depth and plane one after the other, "
                    "as in adaptive_max_pool2d(x.flatten(1, 2), size) for the plane and adaptive_max_pool1d for the depth"
                )
            if node.op_type == "Indices":
                if node.output[0] in read:
                    raise ValueError(
                        "the indices of an adaptive max pooling layer are used (return_indices=True), and ONNX has no operator for them: "
                        "export the model up to the pooling layer, and pool with forwardWithIndices of pyramid-pool"
                    )
                graph.node.remove(node)


def _strip(model):
    """Removes notes of the exporter: they hold paths of this machine."""
    del model.metadata_props[:]
    for graph in _graphs(model):
        del graph.metadata_props[:]
        graph.doc_string = ""
        for part in [*graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer]:
            del part.metadata_props[:]
            part.doc_string = ""


# Bodies.


def add_bodies(model, inline=False):
    """Gives the operators of `pyramid_pool` in a model their bodies, in place, or replaces the operators by the bodies."""
    opset = next((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), None)
    holders = [*_graphs(model), *model.functions]
    used = [node for holder in holders for node in holder.node if node.domain == DOMAIN]
    if not used:
        return model
    if opset is None or opset < OLDEST_OPSET:
        raise ValueError(f"the model uses opset {opset}, but the bodies need {OLDEST_OPSET} or later")
    unknown = [node.op_type for node in used if node.op_type not in (*OPERATORS, "SpatialPyramidPool")]
    if unknown:
        raise ValueError(f"{DOMAIN} has no operator {unknown[0]}; there are {', '.join(OPERATORS)} and SpatialPyramidPool")
    kept = [function for function in model.functions if function.domain != DOMAIN]
    for function in kept:
        _import_domain(function.opset_import)
    pyramids = _name_pyramids(used)
    names = {node.op_type for node in used if node.op_type in OPERATORS}
    names |= {_operator_of(reduction) for _, reduction, _ in pyramids}
    del model.functions[:]
    model.functions.extend(kept)
    model.functions.extend(_body(name, opset, _element_type(model)) for name in sorted(names))
    model.functions.extend(_pyramid_body(key, overload, opset) for key, overload in pyramids.items())
    _import_domain(model.opset_import)
    model.ir_version = max(model.ir_version, 10 if len(pyramids) > 1 else 8)
    if inline:
        import onnx.inliner

        inlined = onnx.inliner.inline_selected_functions(model, [(f.domain, f.name) for f in model.functions if f.domain == DOMAIN])
        for entry in [entry for entry in inlined.opset_import if entry.domain == DOMAIN]:
            inlined.opset_import.remove(entry)
        model.CopyFrom(inlined)
    return model


def _import_domain(opset_import):
    if all(entry.domain != DOMAIN for entry in opset_import):
        opset_import.append(helper.make_opsetid(DOMAIN, VERSION))


def _element_type(model):
    """Half floats where the model has any: asked for only below opset 15, which has no CastLike."""
    types = {tensor.data_type for tensor in model.graph.initializer}
    types |= {value.type.tensor_type.elem_type for value in model.graph.input}
    return TensorProto.FLOAT16 if TensorProto.FLOAT16 in types else TensorProto.FLOAT


def _body(name, opset, element_type):
    """The function that an operator stands for."""
    operator = OPERATORS[name]
    nodes = []
    for op, inputs, outputs, *rest in operator["nodes"]:
        attributes, (first, last) = (rest + [{}, [0, opset]][len(rest):])
        if first <= opset <= last:
            nodes.append(_node(op, inputs.split(), outputs.split(), attributes, element_type))
    return helper.make_function(
        DOMAIN, name, operator["inputs"], operator["outputs"], nodes, [helper.make_opsetid("", opset)], operator["attributes"]
    )


def _node(op, inputs, outputs, attributes, element_type):
    values = {key: element_type if value == "@type" else value for key, value in attributes.items()}
    if "value_float" in values:
        values["value_float"] = float(values["value_float"])
    references = {key: value for key, value in values.items() if isinstance(value, str)}
    node = helper.make_node(op, inputs, outputs, **{key: value for key, value in values.items() if key not in references})
    for key, reference in references.items():
        node.attribute.append(
            onnx.AttributeProto(name=key, ref_attr_name=reference[1:], type=onnx.AttributeProto.INTS)
        )
    return node


def _operator_of(reduction):
    operators = {"max": "AdaptiveMaxPool", "average": "AdaptiveAveragePool"}
    if reduction not in operators:
        raise ValueError(f"reduction of SpatialPyramidPool is {reduction!r}, but must be 'max' or 'average'")
    return operators[reduction]


def _name_pyramids(nodes):
    """The different pyramids among the nodes, and the overload of each: a function's body is for one list of levels."""
    pyramids = {}
    for node in nodes:
        if node.op_type != "SpatialPyramidPool":
            continue
        attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
        if not attributes.get("levels"):
            raise ValueError(f"{node.name or 'SpatialPyramidPool'} has no levels")
        order = attributes.get("output_order", b"levels").decode()
        if order not in ("levels", "channels"):
            raise ValueError(f"{node.name or 'SpatialPyramidPool'} has output_order {order!r}, but it must be 'levels' or 'channels'")
        key = (_levels(attributes), attributes.get("reduction", b"max").decode(), order)
        node.overload = pyramids.setdefault(key, str(len(pyramids)) if pyramids else "")
    return pyramids


def _levels(attributes):
    """Levels as lists of one or two numbers. An even count is pairs where a number occurs twice, unless `pairs` says otherwise."""
    numbers = list(attributes["levels"])
    even = len(numbers) % 2 == 0
    pairs = attributes.get("pairs", even and len(set(numbers)) < len(numbers))
    if pairs and not even:
        raise ValueError(f"levels has {len(numbers)} numbers, which are no pairs")
    return tuple(tuple(numbers[i : i + 2]) for i in range(0, len(numbers), 2)) if pairs else tuple((n,) for n in numbers)


def _pyramid_body(key, overload, opset):
    levels, reduction, order = key
    # By channel: [N, C, rows * columns], whose first two sizes stay.
    nodes = [helper.make_node("Constant", [], ["shape"], value_ints=[0, 0, -1])] if order == "channels" else []
    parts = []
    for i, level in enumerate(levels):
        name, part = f"pooled{i}", f"part{i}"
        nodes.append(helper.make_node(_operator_of(reduction), ["X"], [name], domain=DOMAIN, output_size=level))
        if order == "channels":
            nodes.append(helper.make_node("Reshape", [name, "shape"], [part]))
        else:
            nodes.append(helper.make_node("Flatten", [name], [part], axis=1))
        parts.append(part)
    if order == "channels":
        nodes.append(helper.make_node("Concat", parts, ["joined"], axis=2))
        nodes.append(helper.make_node("Flatten", ["joined"], ["Y"], axis=1))
    else:
        nodes.append(helper.make_node("Concat", parts, ["Y"], axis=1))
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(DOMAIN, VERSION)]
    return helper.make_function(
        DOMAIN, "SpatialPyramidPool", ["X"], ["Y"], nodes, imports, ["levels", "reduction", "pairs", "output_order"], overload=overload
    )


def main():
    parser = argparse.ArgumentParser(description="Adds the bodies of the pyramid_pool operators to an ONNX file.")
    parser.add_argument("file")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--inline", action="store_true", help="put the bodies in place of the operators")
    options = parser.parse_args()
    model = onnx.load(options.file, load_external_data=False)
    onnx.save(add_bodies(model, inline=options.inline), options.output)


if __name__ == "__main__":
    main()
