#!/usr/bin/env python3
"""open_clip's bare image tower at ViT-B/16 size with random weights: images per second.

    encode_peer.py [--batch 16] [--rounds 5] [--threads N]

Prints one JSON line: {"name": "open_clip bf16", "images_per_second": .., ..}. Run it in the same
session as `tagalign bench encode`; on a shared machine only figures of one run compare.
"""

import argparse
import json
import statistics
import time

import open_clip
import torch


def seconds_of(model, pixels):
    start = time.perf_counter()
    model.encode_image(pixels)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = open_clip.create_model("ViT-B-16-quickgelu", precision="bf16").eval()
    pixels = torch.randn(options.batch, 3, 224, 224).bfloat16()
    with torch.inference_mode():
        model.encode_image(pixels)
        seconds = statistics.median(seconds_of(model, pixels) for _ in range(options.rounds))
    print(
        json.dumps(
            {
                "name": "open_clip bf16",
                "images_per_second": round(options.batch / seconds, 3),
                "batch": options.batch,
                "threads": options.threads,
                "torch": torch.__version__,
                "open_clip": open_clip.__version__,
            }
        )
    )


if __name__ == "__main__":
    main()
