"""Writes cases to index.json and data.bin."""
import hashlib, json, os
import numpy as np


class Writer:
    def __init__(self, out, meta):
        os.makedirs(out, exist_ok=True)
        self.out, self.meta, self.cases = out, meta, []
        self.blob, self.seen = bytearray(), {}

    def put(self, arr):
        a = np.ascontiguousarray(arr)
        kind = {'f': 'f32', 'i': 'i32'}[a.dtype.kind]
        a = a.astype('<f4' if kind == 'f32' else '<i4', copy=False)
        raw = a.tobytes()
        key = hashlib.sha256(raw).digest()
        if key not in self.seen:
            self.seen[key] = len(self.blob)
            self.blob += raw
        return {'dtype': kind, 'shape': list(arr.shape), 'offset': self.seen[key]}

    def add(self, kind, meta, tensors):
        c = {'id': '%03d-%s' % (len(self.cases), kind), 'kind': kind}
        c.update(meta)
        c['tensors'] = {k: self.put(v) for k, v in tensors.items()}
        self.cases.append(c)

    def close(self):
        doc = dict(self.meta)
        doc['bytes'] = len(self.blob)
        doc['sha256'] = hashlib.sha256(bytes(self.blob)).hexdigest()
        doc['cases'] = self.cases
        with open(os.path.join(self.out, 'data.bin'), 'wb') as f:
            f.write(self.blob)
        with open(os.path.join(self.out, 'index.json'), 'w') as f:
            f.write('{\n')
            for k, v in doc.items():
                if k != 'cases':
                    f.write(' %s: %s,\n' % (json.dumps(k), json.dumps(v)))
            f.write(' "cases": [\n  ')
            f.write(',\n  '.join(json.dumps(c) for c in self.cases))
            f.write('\n ]\n}\n')
