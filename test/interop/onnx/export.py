#!/usr/bin/env python3
"""Exports small PyTorch networks with adaptive pooling, unchanged, and writes PyTorch's answers at several sizes.

usage: export.py DIR   (with torch, onnx and onnxscript)

Writes DIR/NAME-EXPORTER.onnx, and DIR/answers.json: for each network the names of its inputs and outputs in each file, and its runs:
feeds and outputs {dims, data} in that order, data being base64 of little-endian floats.
"""
import base64
import json
import sys
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "ts" / "onnx"))
from pyramid_pool_onnx import export  # noqa: E402


class Pyramid(nn.Module):
    def __init__(self, levels):
        super().__init__()
        self.levels = levels

    def forward(self, x):
        return torch.cat([F.adaptive_max_pool2d(x, n).flatten(1) for n in self.levels], 1)


class PyramidByChannel(nn.Module):
    """As in networks whose weights were trained behind Lasagne or TF Addons: for each channel the bins of all levels."""

    def __init__(self, levels):
        super().__init__()
        self.levels = levels

    def forward(self, x):
        return torch.cat([F.adaptive_max_pool2d(x, n).flatten(2) for n in self.levels], 2).flatten(1)


class PspHead(nn.Module):
    """As in PSPNet: averages of the map at four sizes, enlarged again and put beside it."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.branches = nn.ModuleList(nn.Conv2d(8, 2, 1) for _ in range(4))
        self.last = nn.Conv2d(16, 4, 1)

    def forward(self, x):
        x = F.relu(self.first(x))
        size = x.shape[2:]
        pooled = [branch(F.adaptive_avg_pool2d(x, n)) for n, branch in zip((1, 2, 3, 6), self.branches)]
        resized = [F.interpolate(it, size, mode="bilinear", align_corners=False) for it in pooled]
        return self.last(torch.cat([x, *resized], 1))


class Vgg(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Linear(4 * 49, 10)

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


class Chain(nn.Module):
    """Two pools, one after the other, as in NISQA."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 5, 3, padding=1)
        self.last = nn.Linear(5 * 6 * 3, 7)

    def forward(self, x):
        x = F.adaptive_max_pool2d(F.relu(self.first(x)), (24, 7))
        x = F.adaptive_max_pool2d(F.relu(self.second(x)), (6, 3))
        return self.last(x.view(-1, 5 * 6 * 3))


class ImageText(nn.Module):
    """As in YOLO-World: 3 x 3 maxima of several maps are what the text attends to."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.second = nn.Conv2d(6, 6, 3, stride=2, padding=1)
        self.projections = nn.ModuleList(nn.Conv2d(6, 8, 1) for _ in range(2))
        self.pools = nn.ModuleList(nn.AdaptiveMaxPool2d((3, 3)) for _ in range(2))
        self.query = nn.Linear(5, 8)

    def forward(self, image, text):
        small = F.relu(self.first(image))
        maps = [small, F.relu(self.second(small))]
        count = image.shape[0]
        pooled = [
            pool(project(it)).view(count, -1, 9) for it, project, pool in zip(maps, self.projections, self.pools)
        ]
        keys = torch.cat(pooled, -1).transpose(1, 2)
        weights = torch.bmm(self.query(text), keys.transpose(1, 2)).softmax(-1)
        return text.mean(-1), weights @ keys


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(2, 4, 3, padding=1)
        self.greatest, self.average = nn.AdaptiveMaxPool1d(5), nn.AdaptiveAvgPool1d(3)
        self.last = nn.Linear(32, 3)

    def forward(self, x):
        x = F.relu(self.first(x))
        return self.last(torch.cat([self.greatest(x).flatten(1), self.average(x).flatten(1)], 1))


class Kept(nn.Module):
    """As in networks that read text: the height becomes 1, the width stays."""

    def __init__(self):
        super().__init__()
        self.first, self.pool = nn.Conv2d(3, 4, 3, padding=1), nn.AdaptiveAvgPool2d((1, None))

    def forward(self, x):
        return self.pool(self.first(x)).squeeze(2)


def images(channels, *sizes):
    return [(torch.randn(1 + i % 2, channels, *size),) for i, size in enumerate(sizes)]


NETWORKS = {
    "pyramid": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), Pyramid([4, 2, 1]), nn.Linear(168, 10)),
        lambda: images(3, (26, 35), (13, 13), (7, 40), (3, 2)),
        None,
    ),
    "psp": (PspHead, lambda: images(3, (12, 17), (6, 6)), None),
    "vgg": (Vgg, lambda: images(3, (24, 35), (14, 14), (6, 40)), None),
    "chain": (Chain, lambda: images(1, (48, 15), (30, 9)), None),
    "image-text": (
        ImageText,
        lambda: [(torch.randn(n, 3, *size), torch.randn(n, 4 + n, 5)) for n, size in ((1, (40, 30)), (2, (21, 33)))],
        ({0: "n", 2: "h", 3: "w"}, {0: "n", 1: "words"}),
    ),
    "line": (Line, lambda: [(torch.randn(1, 2, 17),), (torch.randn(3, 2, 4),)], None),
    "kept": (Kept, lambda: images(3, (9, 17), (12, 5)), None),
    "by-channel": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), PyramidByChannel([3, 2, 1]), nn.Linear(112, 10)),
        lambda: images(3, (26, 35), (13, 13), (3, 2)),
        None,
    ),
}


def pack(tensor):
    data = tensor.detach().contiguous().numpy().astype("<f4").tobytes()
    return {"dims": list(tensor.shape), "data": base64.b64encode(data).decode()}


def main(folder):
    networks = {}
    for seed, (name, (make, feeds, shapes)) in enumerate(NETWORKS.items()):
        torch.manual_seed(seed)
        network, runs = make().eval(), feeds()
        files = {}
        for exporter in ("new", "legacy"):
            file = f"{name}-{exporter}.onnx"
            exported = export(network, runs[0], folder / file, shapes, exporter=exporter)
            graph = exported.graph
            files[file] = {"inputs": [it.name for it in graph.input], "outputs": [it.name for it in graph.output]}
        results = [network(*run) for run in runs]
        answers = [result if isinstance(result, tuple) else (result,) for result in results]
        both = [{"feeds": [*map(pack, run)], "outputs": [*map(pack, it)]} for run, it in zip(runs, answers)]
        networks[name] = {"files": files, "runs": both}
    text = json.dumps({"torch": torch.__version__.split("+")[0], "networks": networks}, separators=(",", ":"))
    (folder / "answers.json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
