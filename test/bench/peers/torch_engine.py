"""PyTorch as an engine of the benchmark: reads one JSON object a line, answers with one a line.

prepare {dims, levels, samplingRatio, operation, layout, maps, gradients, regions} (files of 32-bit numbers) -> {}
run {turn, count} -> {ms}; answer -> {files}
"""
import json
import os
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(int(sys.argv[1]))
aten = torch.ops.aten


def load(file):
    return torch.from_file(file, size=os.path.getsize(file) // 4)


def adaptive(x, n):
    return F.adaptive_max_pool2d(x, n, return_indices=True)


class Workload:
    def __init__(self, ask):
        self.levels, self.operation, self.folder = ask["levels"], ask["operation"], ask["folder"]
        self.samples = ask["samplingRatio"]
        if self.samples:
            import torchvision  # noqa: F401
        self.maps = [load(file).reshape(ask["dims"]) for file in ask["maps"]]
        if ask["channelsLast"]:
            self.maps = [x.contiguous(memory_format=torch.channels_last) for x in self.maps]
        self.regions = [load(file).reshape(-1, 5) for file in ask["regions"]]
        rows = len(self.regions[0]) if self.regions else ask["dims"][0]
        length = ask["dims"][1] * sum(n * n for n in self.levels)
        self.gradients = [load(file).reshape(rows, length) for file in ask["gradients"]]
        if self.operation == "backward" and not self.samples:
            with torch.no_grad():
                self.pooled = [self.pool(i) for i in range(len(self.maps))]

    def pool(self, i):
        """Values and indices, level by level."""
        if self.regions:
            import torchvision  # noqa: F401
            roi = torch.ops.torchvision.roi_pool
            return [roi(self.maps[i], self.regions[i], 1 / 16, n, n) for n in self.levels]
        return [adaptive(self.maps[i], n) for n in self.levels]

    def run(self, turn):
        i = turn % len(self.maps)
        with torch.no_grad():
            if self.samples:
                self.result = [self.align_backward(i) if self.operation == "backward" else self.align(i)]
                return
            self.result = self.backward(i) if self.operation == "backward" else self.forward(i)

    def align(self, i):
        align = torch.ops.torchvision.roi_align
        levels = [align(self.maps[i], self.regions[i], 1 / 16, n, n, self.samples, True) for n in self.levels]
        return torch.cat([level.flatten(1) for level in levels], 1)

    def align_backward(self, i):
        total, at = None, self.gradients[i].shape[1]
        for n in reversed(self.levels):
            length = self.maps[i].shape[1] * n * n
            at -= length
            grad = self.gradients[i][:, at:at + length].reshape(-1, self.maps[i].shape[1], n, n).contiguous()
            each = torch.ops.torchvision._roi_align_backward(
                grad, self.regions[i], 1 / 16, n, n, *self.maps[i].shape, self.samples, True)
            total = each if total is None else total + each
        return total

    def forward(self, i):
        pooled = self.pool(i)
        output = torch.cat([values.flatten(1) for values, _ in pooled], 1)
        # Indices come with the values here, asked for or not; as one tensor only where they are.
        if self.operation != "indices":
            return [output]
        return [output, torch.cat([indices.flatten(1) for _, indices in pooled], 1)]

    def backward(self, i):
        x, total, at = self.maps[i], None, self.gradients[i].shape[1]
        for n, (_, indices) in reversed(list(zip(self.levels, self.pooled[i]))):
            length = x.shape[1] * n * n
            at -= length
            grad = self.gradients[i][:, at:at + length].reshape(indices.shape)
            if self.regions:
                # As autograd calls it: contiguous gradients.
                each = torch.ops.torchvision._roi_pool_backward(
                    grad.contiguous(), self.regions[i], indices, 1 / 16, n, n, *x.shape)
            else:
                each = aten.adaptive_max_pool2d_backward(grad, x, indices)
            total = each if total is None else total + each
        return [total]

    def answer(self):
        files = []
        for k, tensor in enumerate(self.result):
            files.append(os.path.join(self.folder, f"answer-{os.getpid()}-{k}"))
            kind = torch.float32 if tensor.is_floating_point() else torch.int32
            tensor.to(kind).contiguous().numpy().tofile(files[-1])
        return files


work = None
for line in sys.stdin:
    ask = json.loads(line)
    if ask["do"] == "hello":
        answer = {"torch": torch.__version__}
    elif ask["do"] == "prepare":
        work = None
        work, answer = Workload(ask), {}
    elif ask["do"] == "run":
        start = time.perf_counter()
        for turn in range(ask["turn"], ask["turn"] + ask["count"]):
            work.run(turn)
        answer = {"ms": 1000 * (time.perf_counter() - start)}
    else:
        answer = {"files": work.answer()}
    print(json.dumps(answer), flush=True)
