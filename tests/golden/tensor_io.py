"""Writes tests/data/tensor_io/peer.safetensors with the reference library, one tensor of each
dtype, and with --check FILE reads a file back with it and prints dtype, shape and sum of each
tensor. Needs safetensors and torch."""

import pathlib
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file

TARGET = pathlib.Path(__file__).resolve().parents[1] / "data" / "tensor_io" / "peer.safetensors"
TYPES = {
    "bool": torch.bool,
    "u8": torch.uint8,
    "i8": torch.int8,
    "i16": torch.int16,
    "i32": torch.int32,
    "i64": torch.int64,
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "f32": torch.float32,
    "f64": torch.float64,
}


def write():
    tensors = {name: torch.arange(6).reshape(2, 3).to(dtype) for name, dtype in TYPES.items()}
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, TARGET, {"made by": "safetensors"})


def check(path):
    with safe_open(path, "pt") as file:
        for name in sorted(file.keys()):
            tensor = file.get_tensor(name)
            print(name, tensor.dtype, list(tensor.shape), float(tensor.double().sum()))
        print(sorted((file.metadata() or {}).items()))


if __name__ == "__main__":
    check(sys.argv[2]) if sys.argv[1:2] == ["--check"] else write()
