#!/usr/bin/env python3
"""Writes the system partition of an Android emulator's system image to a file that can be mounted.

Until Android 9 the image is a disk (GPT) with a partition "system", later one with a partition "super" that holds logical
partitions (AOSP, system/core/fs_mgr/liblp/include/liblp/metadata_format.h); old ones are the file system itself, and moved there.

usage: unpack-system.py IMAGE OUT
"""
import os
import struct
import sys

SECTOR = 512
GEOMETRY_MAGIC, METADATA_MAGIC = 0x616C4467, 0x414C5030
GEOMETRY_AT, METADATA_AT = 4096, 12288
LINEAR, ZERO = 0, 1


def partitions(image):
    """Name -> (offset, length) in bytes; empty when the image is no GPT disk."""
    image.seek(SECTOR)
    header = image.read(92)
    if header[:8] != b"EFI PART":
        return {}
    first, count, size = struct.unpack_from("<QII", header, 72)
    found = {}
    for i in range(min(count, 1024)):
        image.seek(first * SECTOR + i * size)
        entry = image.read(size)
        if entry[:16] == bytes(16):
            continue
        start, end = struct.unpack_from("<QQ", entry, 32)
        name = entry[56:128].decode("utf-16-le").rstrip("\0")
        found[name] = (start * SECTOR, (end - start + 1) * SECTOR)
    return found


def logical_extents(image, base):
    """Extents (type, first sector, sectors) of the logical system partition in "super" at this offset."""
    image.seek(base + GEOMETRY_AT)
    if struct.unpack("<I", image.read(4))[0] != GEOMETRY_MAGIC:
        sys.exit("the super partition has no geometry; is it a sparse image?")
    image.seek(base + METADATA_AT)
    header = image.read(128)
    magic, _, _, header_size = struct.unpack_from("<IHHI", header)
    if magic != METADATA_MAGIC:
        sys.exit("the super partition has no metadata")
    tables = base + METADATA_AT + header_size

    def table(at):
        offset, count, size = struct.unpack_from("<III", header, at)
        for i in range(count):
            image.seek(tables + offset + i * size)
            yield image.read(size)

    extents = [struct.unpack_from("<QIQI", entry) for entry in table(92)]
    for entry in table(80):
        name = entry[:36].rstrip(b"\0").decode()
        _, first, count, _ = struct.unpack_from("<IIII", entry, 36)
        if name in ("system", "system_a") and count > 0:
            return [(kind, data, sectors) for sectors, kind, data, _ in extents[first : first + count]]
    return sys.exit("the super partition holds no system partition")


def copy(image, out, offset, length):
    image.seek(offset)
    while length > 0:
        block = image.read(min(length, 1 << 16))
        if not block:
            sys.exit("the image ends before its system partition does")
        # Sparse: mostly empty, and every block written on the builder is stored with its snapshot.
        if block.count(0) == len(block):
            out.seek(len(block), 1)
        else:
            out.write(block)
        length -= len(block)


def main(source, target):
    with open(source, "rb") as image, open(target, "wb") as out:
        found = partitions(image)
        if "system" in found:
            copy(image, out, *found["system"])
        elif "super" in found:
            base, _ = found["super"]
            for kind, first, sectors in logical_extents(image, base):
                if kind == ZERO:
                    out.seek(sectors * SECTOR, 1)
                elif kind == LINEAR:
                    copy(image, out, base + first * SECTOR, sectors * SECTOR)
                else:
                    sys.exit(f"extent of unknown type {kind}")
        elif found:
            sys.exit(f"no partition system or super; there are {', '.join(found)}")
        else:
            os.replace(source, target)
            return
        out.truncate()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
