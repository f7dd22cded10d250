#!/usr/bin/env python3
"""Records what CPython's buffered files do when somebody else uses the file, too.

    python3.13 -B tests/oracle/two_hands.py           # writes two_hands.txt beside this script
    python3.13 -B tests/oracle/two_hands.py --check   # only says whether it would change

CPython 3.13 or later, as for `record.py`. The seed is fixed. The other hand is the same open file (`same`: a duplicate of the descriptor,
as a child process has it, with one cursor for both) or a descriptor of its own (`own`). It acts
where nothing is buffered: at the start, and behind a seek to the end. Elsewhere what comes out
depends on how much a buffer holds, which is nobody's contract.

The format: `case HAND SIZE CONTENT`, then a line each: `f OPERATION ARGUMENT… = RESULT` for the
file, `h OPERATION ARGUMENT` for the other hand, `end CONTENT`. In contents `|` is a line end,
`.` a NUL, and `-` nothing at all.
"""

import os
import random
import sys
import tempfile


def told(data):
    return data.decode().replace("\n", "|").replace("\0", ".") or "-"


def letters(draw, most):
    return bytes(draw.choice(b"abcdefgh\nABCDEFGH") for _ in range(draw.randrange(1, most)))


def case(draw, path, out):
    hand, size = draw.choice(["same", "own"]), draw.choice([2, 5, 16, 4096])
    content = letters(draw, 60)
    with open(path, "wb") as f:
        f.write(content)
    out.append(f"case {hand} {size} {told(content)}")
    f = open(path, "r+b", buffering=size)
    fd = os.dup(f.fileno()) if hand == "same" else os.open(path, os.O_RDWR)
    quiet = True
    for _ in range(draw.randrange(4, 16)):
        if quiet and draw.random() < 0.6:
            length = os.fstat(fd).st_size
            what = draw.choice(["seek", "write", "append", "truncate"])
            if what == "seek":
                to = draw.randrange(length + 3)
                os.lseek(fd, to, os.SEEK_SET)
                out.append(f"h seek {to}")
            elif what == "truncate":
                to = draw.randrange(length + 3)
                os.ftruncate(fd, to)
                out.append(f"h truncate {to}")
            else:
                if what == "append":
                    os.lseek(fd, 0, os.SEEK_END)
                data = letters(draw, 9)
                os.write(fd, data)
                out.append(f"h {what} {told(data)}")
            continue
        what = draw.choice(["read", "readline", "write", "flush", "seek", "seek", "end", "end", "truncate", "size"])
        length = os.fstat(fd).st_size
        quiet = what == "end"
        if what == "read":
            n = draw.randrange(12)
            out.append(f"f read {n} = {told(f.read(n))}")
        elif what == "readline":
            out.append(f"f readline = {told(f.readline())}")
        elif what == "write":
            data = letters(draw, 9)
            out.append(f"f write {told(data)} = {f.write(data)}")
        elif what == "flush":
            f.flush()
            out.append("f flush = 0")
        elif what == "seek":
            if draw.random() < 0.5:
                to = draw.randrange(length + 3)
                out.append(f"f seek {to} = {f.seek(to)}")
            else:
                by = draw.randrange(4)
                out.append(f"f skip {by} = {f.seek(by, 1)}")
        elif what == "end":
            out.append(f"f end = {f.seek(0, 2)}")
        elif what == "truncate":
            out.append(f"f truncate = {f.truncate()}")
        elif what == "size":
            to = draw.randrange(length + 3)
            out.append(f"f size {to} = {f.truncate(to)}")
    f.close()
    os.close(fd)
    with open(path, "rb") as f:
        out.append(f"end {told(f.read())}")


def main():
    draw, out = random.Random(20), []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(300):
            case(draw, os.path.join(folder, "f"), out)
    text = "\n".join(["# Recorded by two_hands.py; see there.", *out]) + "\n"
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "two_hands.txt")
    if "--check" in sys.argv:
        with open(path) as f:
            sys.exit(0 if f.read() == text else "two_hands.txt would change")
    with open(path, "w") as f:
        f.write(text)


main()
