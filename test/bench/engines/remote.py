"""wasmtime behind the commands of remote.mjs, by lines of JSON: `remote.py STRATEGY`, cranelift or winch."""

import base64
import ctypes
import hashlib
import json
import struct
import sys
import time

import wasmtime
from wasmtime import _ffi as ffi

STRATEGIES = {"cranelift": 1, "winch": 2}


class Remote:
    def __init__(self, strategy):
        config = wasmtime.Config()
        # `config.strategy` knows Cranelift alone.
        ffi.wasmtime_config_strategy_set(config.ptr(), STRATEGIES[strategy])
        self.engine = wasmtime.Engine(config)

    def load(self, name, wasm):
        code = base64.b64decode(wasm)
        start = time.perf_counter()
        module = wasmtime.Module(self.engine, code)
        middle = time.perf_counter()
        self.store = wasmtime.Store(self.engine)
        self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)
        end = time.perf_counter()
        times = {"compile": 1000 * (middle - start), "instantiate": 1000 * (end - middle)}
        return {**times, "code": text_bytes(module.serialize())}

    def call(self, name, args):
        result = self.exports[name](self.store, *[n - (1 << 32) if n >= 1 << 31 else n for n in args])
        return 0 if result is None else result & 0xFFFFFFFF if isinstance(result, int) else 0

    def time(self, name, args):
        start = time.perf_counter()
        self.call(name, args)
        return 1000 * (time.perf_counter() - start)

    def write(self, address, data):
        code = base64.b64decode(data)
        ctypes.memmove(self.base() + address, code, len(code))
        return 0

    def hash(self, address, bytes):
        return hashlib.sha256(ctypes.string_at(self.base() + address, bytes)).hexdigest()

    def base(self):
        return ctypes.addressof(self.exports["memory"].data_ptr(self.store).contents)


def text_bytes(elf):
    """Bytes of machine code in a compiled module, which is an ELF file."""
    (table,) = struct.unpack_from("<Q", elf, 40)
    size, count, names = struct.unpack_from("<3H", elf, 58)
    sections = [struct.unpack_from("<2I4Q", elf, table + i * size) for i in range(count)]
    for name, _, _, _, offset, length in sections:
        at = sections[names][4] + name
        if elf[at : elf.index(b"\0", at)] == b".text":
            return length
    return None


def main(strategy):
    remote = Remote(strategy)
    for line in sys.stdin:
        command = json.loads(line)
        try:
            reply = {"answer": getattr(remote, command.pop("do"))(**command)}
        except Exception as error:  # told to whoever asked
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
