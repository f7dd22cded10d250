"""CPython, operated by name: as it is, and as somebody drives it who knows its traps."""

import io
import itertools
import os

from model import STOPPING
from notation import Failed, OK, Position

def classify(error):
    if isinstance(error, io.UnsupportedOperation):
        return "Unsupported"
    if isinstance(error, UnicodeDecodeError):
        return "Decode"
    if isinstance(error, UnicodeEncodeError):
        return "Encode"
    if isinstance(error, OSError):
        return f"Os:{error.errno}"
    if isinstance(error, TypeError) and "UnicodeDecodeError" in str(error):
        return "Decode"
    if isinstance(error, ValueError) and "closed file" in str(error):
        return "Closed"
    raise error


class Plain:
    """A file of CPython, operated by name."""

    careful = False

    def __init__(self, case, path):
        self.case, self.path, self.cookies, self.f = case, path, [], None

    def open(self):
        c = self.case
        size = -1 if c.size is None else c.size
        if c.kind == "text":
            self.f = open(self.path, c.mode, size, encoding=c.encoding, errors=c.errors, newline=c.newline)
            if c.line_buffering:
                self.f.reconfigure(line_buffering=True)
        else:
            self.f = open(self.path, c.mode + "b", 0 if c.kind == "raw" else size)

    def do(self, op, arg):
        if op == "size":
            return os.path.getsize(self.path)
        try:
            return self.operate(op, arg)
        except Failed as failed:
            return failed
        except (OSError, ValueError, TypeError) as error:
            return Failed(classify(error))

    def operate(self, op, arg):
        f = self.f
        if op == "write":
            return f.write(arg)
        if op == "writelines":
            f.writelines(arg)
            return OK
        if op == "tell":
            cookie = f.tell()
            if self.case.kind != "text":
                return cookie
            self.cookies.append(cookie)
            return Position(len(self.cookies) - 1)
        if op == "seek":
            return self.seek(*arg)
        if op == "truncate":
            return f.truncate(arg)
        if op == "iter":
            lines = []
            try:
                for _ in range(arg):
                    line = f.readline()
                    if not line:
                        break
                    lines.append(line)
            except (OSError, ValueError, TypeError) as error:
                raise Failed(classify(error), lines) from None
            return lines
        if op == "readinto":
            target = bytearray(arg)
            count = f.readinto(target)
            return bytes(target[:count])
        if op == "read1":
            first = f.read1(arg)
            return first + f.read(arg - len(first)) if arg and first else first
        if op in ("flush", "close"):
            getattr(f, op)()
            return OK
        if op == "peek" and not hasattr(f, "peek"):
            raise io.UnsupportedOperation(op)  # a BufferedWriter has none
        value = getattr(f, op)(*([] if arg is None else [arg]))
        return value[:8] if op == "peek" else value

    def seek(self, origin, offset):
        if origin == "@":
            self.f.seek(self.cookies[offset])
            return OK
        where = self.f.seek(offset, ("start", "current", "end").index(origin))
        return OK if self.case.kind == "text" else where

    def newlines(self):
        seen = self.f.newlines if self.case.kind == "text" else None
        return frozenset([seen] if isinstance(seen, str) else seen or ())

    def finish(self):
        self.f.close()
        with open(self.path, "rb") as f:
            return f.read()


class Careful(Plain):
    """CPython as somebody drives it who knows its traps: `model` tells the logical position."""

    careful = True

    def __init__(self, case, path, model):
        super().__init__(case, path)
        self.model = model

    def open(self):
        super().open()
        if self.case.errors in STOPPING:
            self.f._CHUNK_SIZE = 1

    def sync(self, position):
        """Drops the read-ahead: seeks to the logical position, which is a byte of the file."""
        if self.case.encoding == "iso-2022-jp":
            return
        cookie = self.f.tell()
        if cookie < 1 << 64 and cookie != position:
            raise AssertionError(f"CPython stands at {cookie}, the model at {position}")
        self.f.seek(cookie if self.model.flags else position)

    def operate(self, op, arg):
        f = self.f
        if self.case.kind != "text" or f.closed:
            return super().operate(op, arg)
        if op in ("write", "writelines") and f.writable() and arg != []:
            first = arg if op == "write" else arg[0]
            first.encode(self.case.encoding, self.case.errors)  # fails before anything moves
            if "a" in self.case.mode:
                f.seek(0, 2)
            else:
                self.sync(self.model.pos_before)
            try:
                return super().operate(op, arg)
            finally:
                if self.model.pos == self.model.pos_before:
                    f.seek(self.model.pos)  # nothing was written: back from the end
                elif f.readable():
                    self.sync(self.model.pos)
        if op == "truncate" and f.writable():
            self.sync(self.model.pos)
            size = f.truncate(self.model.pos if arg is None else arg)
            self.sync(self.model.pos)
            return size
        if op == "readline" and arg == 0:
            return f.read(0)  # `readline(0)` decodes a chunk first
        if op == "readlines":
            # By `readline`: `readlines` uses `next`, which takes no snapshots for `tell`.
            lines, total = [], 0
            while not arg or total <= arg:
                line = f.readline()
                if not line:
                    break
                lines.append(line)
                total += len(line)
            return lines
        if op == "read" and f.readable() and self.case.errors in STOPPING and arg != 0:
            # A read of n takes chunks of n bytes and more.
            chars = iter(lambda: f.read(1), "")
            return "".join(chars if arg is None else itertools.islice(chars, arg))
        return super().operate(op, arg)
