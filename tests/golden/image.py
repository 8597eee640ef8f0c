#!/usr/bin/env python3
"""Golden files for model/image: what Pillow and the image processors of CLIP and SigLIP make of
images.

    image.py                      writes the odd images and odd.json, odd.bin, squashed.bin
    image.py --photos FOLDER      writes photos.bin: sampled pixels of every photo in FOLDER
    image.py --full FOLDER OUT    writes the whole crops of every photo (not committed)
    image.py --squash FOLDER OUT  the same for SigLIP, which squashes them to a square

Needs pillow, numpy and transformers. All pixels are 8-bit RGB after resizing and cropping,
before normalisation.

photos.bin, per photo in the order of their names: FNV-1a 64 of the name (8 bytes, little
endian), then 256 samples of 3 bytes. Positions come from the linear congruential generator
state = state * 6364136223846793005 + 1442695040888963407 (mod 2^64), started with that hash;
a position is (state >> 33) mod (224 * 224), row-major.
"""

import io
import json
import pathlib
import struct
import sys
import zlib

import numpy
from PIL import Image, ImageOps
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

DATA = pathlib.Path(__file__).parent.parent / "data" / "image"
SIDE = 224
SQUASHED_SIDE = 12  # keeps squashed.bin small
SAMPLES = 256
MASK = (1 << 64) - 1


def crop(file, side):
    return processed(file, side, CLIPImageProcessorPil(
        size={"shortest_edge": side}, crop_size={"height": side, "width": side},
        do_rescale=False, do_normalize=False))


def squash(file, side):
    return processed(file, side, SiglipImageProcessorPil(
        size={"height": side, "width": side}, do_rescale=False, do_normalize=False))


def processed(file, side, processor):
    image = ImageOps.exif_transpose(Image.open(file))
    if image.mode == "I;16":  # Pillow would clip to white; the high byte is what is meant
        image = Image.fromarray((numpy.array(image) >> 8).astype(numpy.uint8))
    pixels = processor(images=image.convert("RGB"), return_tensors="np")["pixel_values"][0]
    assert pixels.shape == (3, side, side), pixels.shape
    return numpy.ascontiguousarray(pixels.transpose(1, 2, 0)).round().astype(numpy.uint8)


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def photos_of(folder):
    return sorted(pathlib.Path(folder).glob("*.jpg"), key=lambda file: file.name)


def write_photos(folder):
    with open(DATA / "photos.bin", "wb") as out:
        for file in photos_of(folder):
            pixels = crop(file, SIDE).reshape(-1, 3)
            state = fnv1a(file.name)
            out.write(struct.pack("<Q", state))
            for _ in range(SAMPLES):
                state = (state * 6364136223846793005 + 1442695040888963407) & MASK
                out.write(pixels[(state >> 33) % (SIDE * SIDE)].tobytes())


def scene(width, height, seed=1):
    """A picture without symmetry: gradients, a bright corner, a bar and a little noise."""
    y, x = numpy.mgrid[0:height, 0:width]
    noise = numpy.random.default_rng(seed).integers(0, 30, (height, width, 3))
    pixels = numpy.stack([x * 200 / max(width, 1), y * 180 / max(height, 1),
                          (x + 2 * y) * 220 / (width + 2 * height)], axis=2) + noise
    pixels[: height // 4, : width // 3] = (250, 20, 40)
    pixels[:, width // 2] = (10, 240, 10)
    return Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))


def png16(pixels):
    """PNG with 16-bit RGB samples; Pillow cannot write one."""
    def chunk(kind, body):
        return (struct.pack(">I", len(body)) + kind + body
                + struct.pack(">I", zlib.crc32(kind + body)))
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def without_adobe_marker(jpeg):
    start = jpeg.index(b"\xff\xee")
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2:start + 4], "big"):]


def saved(image, **options):
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return buffer.getvalue()


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def odd_images():
    rgb = scene(52, 37)
    for orientation in range(2, 9):
        yield f"orientation{orientation}.jpg", saved(rgb, format="JPEG", quality=92,
                                                     exif=exif(orientation))
    yield "orientation6.png", saved(rgb, format="PNG", exif=exif(6))
    yield "orientation8.webp", saved(rgb, format="WEBP", quality=90, exif=exif(8))
    yield "orientation6.tif", saved(rgb, format="TIFF", exif=exif(6))
    yield "grey.jpg", saved(rgb.convert("L"), format="JPEG", quality=92)
    yield "progressive.jpg", saved(rgb, format="JPEG", quality=85, progressive=True)
    yield "full-chroma.jpg", saved(rgb, format="JPEG", quality=85, subsampling=0)
    cmyk = saved(rgb.convert("CMYK"), format="JPEG", quality=92)
    yield "cmyk.jpg", cmyk
    yield "cmyk-no-adobe.jpg", without_adobe_marker(cmyk)
    palette = rgb.quantize(40)
    yield "palette.png", saved(palette, format="PNG")
    yield "palette-transparent.png", saved(palette, format="PNG", transparency=bytes(range(0, 240, 6)))
    alpha = rgb.copy()
    alpha.putalpha(Image.fromarray(numpy.arange(52 * 37, dtype=numpy.uint16).reshape(37, 52)
                                   .astype(numpy.uint8)))
    yield "alpha.png", saved(alpha, format="PNG")
    yield "alpha.webp", saved(alpha, format="WEBP", lossless=True, exact=True)
    yield "grey-alpha.png", saved(alpha.convert("LA"), format="PNG")
    yield "grey.png", saved(rgb.convert("L"), format="PNG")
    yield "one-bit.png", saved(rgb.convert("1"), format="PNG")
    deep = numpy.array(rgb.convert("L")).astype(numpy.uint16) * 257 - numpy.uint16(3)
    yield "grey16.png", saved(Image.fromarray(deep), format="PNG")
    yield "rgb16.png", png16(numpy.array(rgb).astype(numpy.uint16) * 256 + 131)
    yield "plain.bmp", saved(rgb, format="BMP")
    yield "plain.tif", saved(rgb, format="TIFF", compression="tiff_lzw")
    yield "pixel.png", saved(Image.new("RGB", (1, 1), (12, 200, 99)), format="PNG")
    yield "wide.png", saved(scene(400, 3), format="PNG")
    yield "tall.png", saved(scene(5, 333), format="PNG")
    yield "large.jpg", saved(scene(301, 227).resize((301, 227)), format="JPEG", quality=60)


def write_odd():
    side = 32
    (DATA / "odd").mkdir(parents=True, exist_ok=True)
    names = []
    with open(DATA / "odd.bin", "wb") as out, open(DATA / "squashed.bin", "wb") as squashed:
        for name, content in odd_images():
            (DATA / "odd" / name).write_bytes(content)
            out.write(crop(DATA / "odd" / name, side).tobytes())
            squashed.write(squash(DATA / "odd" / name, SQUASHED_SIDE).tobytes())
            names.append(name)
    sizes = {"side": side, "squashed_side": SQUASHED_SIDE, "images": names}
    (DATA / "odd.json").write_text(json.dumps(sizes, indent=1) + "\n")


def write_full(folder, out, prepare):
    with open(out, "wb") as stream:
        for file in photos_of(folder):
            stream.write(prepare(file, SIDE).tobytes())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--photos"]:
        write_photos(sys.argv[2])
    elif sys.argv[1:2] == ["--full"]:
        write_full(sys.argv[2], sys.argv[3], crop)
    elif sys.argv[1:2] == ["--squash"]:
        write_full(sys.argv[2], sys.argv[3], squash)
    else:
        write_odd()
