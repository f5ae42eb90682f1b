#!/usr/bin/env python3
"""Reads a trace of HVLab (docs/trace-format.md) and prints its records as CSV.

usage: read_trace.py TRACE            one line a record
       read_trace.py TRACE summary    the coarsest summary: lane, what, number

Needs the zstd command. A trace that broke off is read up to its last whole block.
"""
import struct
import subprocess
import sys
import zlib

NAMES, RECORDS, SUMMARY, END = 1, 2, 3, 4
STATE, HELD = 255, 254


def blocks(data):
    """Every whole block as (header fields, stored payload)."""
    if data[:8] != b"HVLABTRC" or zlib.crc32(data[:28]) != struct.unpack_from("<I", data, 28)[0]:
        sys.exit("this is not a trace")
    at = 32
    while at + 64 <= len(data) and data[at : at + 4] == b"HVBK":
        header = data[at : at + 64]
        if zlib.crc32(header[:60]) != struct.unpack_from("<I", header, 60)[0]:
            sys.exit(f"damaged at byte {at}")
        kind, detail, count, stored, raw, crc, first = struct.unpack_from("<HHIIIIQ", header, 4)
        payload = data[at + 64 : at + 64 + stored]
        if len(payload) < stored:
            return
        if zlib.crc32(payload) != crc:
            sys.exit(f"damaged at byte {at + 64}")
        yield {"kind": kind, "detail": detail, "count": count, "raw": raw, "first": first, "stored": payload}
        at += 64 + stored


def decompressed(parts):
    """The blocks' payloads: frames one after the other decompress to their contents one after the other."""
    stored = b"".join(part["stored"] for part in parts)
    raw = subprocess.run(["zstd", "-dcq"], input=stored, stdout=subprocess.PIPE, check=True).stdout
    at = 0
    for part in parts:
        yield part, raw[at : at + part["raw"]]
        at += part["raw"]


def column(raw, count, offset, width):
    """Field of `width` bytes at `offset` of each of `count` rows that stand in byte planes."""
    rows = bytearray(count * width)
    for byte in range(width):
        rows[byte::width] = raw[(offset + byte) * count : (offset + byte + 1) * count]
    return struct.unpack(f"<{count}{ {1: 'B', 2: 'H', 4: 'I', 8: 'Q'}[width] }", rows)


def read_names(raw, count, tables):
    at = 0
    for _ in range(count):
        key, value, table, length = struct.unpack_from("<QQHH", raw, at)
        text = raw[at + 20 : at + 20 + length].decode("utf-8", "replace")
        tables.setdefault(table, {})[key] = (text, value)
        at += 20 + length


def records(raw, part):
    """(time, a, b, rip, kind, core, lane) of each record."""
    count = part["count"]
    time = part["first"]
    columns = [column(raw, count, offset, width) for offset, width in
               ((0, 8), (8, 8), (16, 8), (24, 8), (32, 1), (33, 1), (34, 2))]
    for row in zip(*columns):
        time = (time + row[0]) % 2**64
        yield (time, *row[1:])


class Names:
    def __init__(self):
        self.tables = {}

    def text(self, table, key):
        return self.tables.get(table, {}).get(key, (str(key), 0))[0]

    def state(self, lane, state):
        kind = self.tables.get(5, {}).get(lane, ("", 0))[1] & 0xFF
        return "ended" if state == 255 else self.text({0: 2, 1: 3, 2: 4, 3: 9, 4: 10}[kind], state)


def print_records(parts, names):
    print("time_ps,core,lane,kind,a,b,rip")
    for part, raw in decompressed(parts):
        for time, a, b, rip, kind, core, lane in records(raw, part):
            if kind == HELD:
                continue
            said = names.state(lane, a) if kind == STATE else a
            print(f"{time},{core},{names.text(5, lane)},{names.text(1, kind)},{said},{b},{rip}")


def what_text(what, lane, names):
    if what < 256:
        return names.text(1, what)
    if what < 512:
        return "ps " + names.state(lane, what - 256)
    reasons = {value: text for text, value in names.tables.get(6, {}).values()}
    return "exits " + reasons.get(what - 512, str(what - 512))


def print_summary(parts, names):
    print("bucket,bucket_ps,lane,what,number")
    for part, raw in decompressed(parts[-1:]):
        count, bucket = part["count"], 0
        columns = [column(raw, count, offset, width) for offset, width in ((0, 4), (4, 2), (6, 2), (8, 8))]
        for step, lane, what, number in zip(*columns):
            bucket = (bucket + step) % 2**32
            print(f"{bucket},{1 << part['detail']},{names.text(5, lane)},{what_text(what, lane, names)},{number}")


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        parts = list(blocks(file.read()))
    names = Names()
    for part, raw in decompressed([part for part in parts if part["kind"] == NAMES]):
        read_names(raw, part["count"], names.tables)
    if sys.argv[2:] == ["summary"]:
        print_summary([part for part in parts if part["kind"] == SUMMARY], names)
    else:
        print_records([part for part in parts if part["kind"] == RECORDS], names)


if __name__ == "__main__":
    main()
