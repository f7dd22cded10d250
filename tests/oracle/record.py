#!/usr/bin/env python3
"""Records what CPython does with text, binary and raw files, for `tests/oracle.rs`.

    python3.13 tests/oracle/record.py            # writes the .txt files beside this script
    python3.13 tests/oracle/record.py --check    # only says whether they would change

CPython 3.13 or later (3.11 and 3.12 misplace a pending text write before a read). Nothing
but the standard library; the seed is fixed, so the same interpreter gives the same files.

How a case comes to be
----------------------
A case is a file's first content, how it is opened, and a random list of operations. It runs
three times:

1. on CPython as it is (`Plain`);
2. on a model of a text or byte file without any buffer (`TextModel`, `BytesModel`), which
   carries the decisions of PARITY.md; codecs and error handlers are CPython's own;
3. only where these two differ: on CPython driven with care (`Careful`): it says
   `seek(tell())` around writes and truncations, gives `truncate` its default, seeks to the
   end before it appends, and decodes byte by byte (`_CHUNK_SIZE = 1`) where strict errors may
   come, so that the chunk an error falls in does not matter.

If 1 and 2 agree the case stands as CPython ran it. If they differ, 3 must agree with 2 (up to
the first decoding error, after which CPython's decoder is not to be used), and the case says
which decisions it touches: `decided:<ID>,…` (IDs of PARITY.md; closed-wins and direction are
those on errors). Any other difference stops the recorder.
What no rule settles (a write in the middle of an escaped byte, say) raises `Undecided`, and
another case is drawn.

`newlines` depends on how far ahead a file has been decoded, so a case records the least and
the most it may be: what has been delivered, and what is in the whole file.

The format
----------
UTF-8, a line each; `#` begins a comment. Literals are in double quotes with the escapes
`\\"  \\\\  \\n  \\r  \\t`, in text `\\u{hex}`, in bytes `\\xhh`; `"…"*n` is a repetition.

    content NAME PIECE…            bytes, the pieces one after the other
    case KIND MODE SIZE lb|- ENCODING ERRORS NEWLINE CONTENT [decided:ID,…]
    OPERATION ARGUMENT RESULT [~LEAST[..MOST]]
    end RESULT                     the bytes of the file after it was closed

KIND is text, binary or raw; SIZE is the buffer's, `-` for the default; `lb` asks for line
buffering; NEWLINE is none, empty, lf, cr or crlf; CONTENT `missing` is a file that does not
exist. An argument `-` is one left out. `~` gives `newlines` after the operation where it
changed since the last one: `-` or a list of lf, cr, crlf, and a range where it may be more.

    open                       ok                     only recorded when it fails: `open - !Os:17`
    read|readline n|-          literal
    readlines hint|-           [literal…]
    iter k                     [literal…]             up to k lines by iteration, `!Class` after them
    write literal              number                 characters (text), bytes (others)
    writelines [literal…]      ok
    tell -                     @k (text), number      a text position has a number, counted from 0
    seek ARG                   ok (text), number      ARG: @k, start:n, current:n, end:n
    truncate n|-               number
    flush|close -              ok
    size -                     number                 the length of the file on disk
    read1|readinto|peek n      literal                binary; read1: at most n, the first bytes of this;
                                                      peek: at least one of these where there is one

A result is also `!Class` (Decode, Encode, Unsupported, Closed, Os:errno). A long one is
`#count:hash`: its length in bytes of UTF-8 and their 32-bit FNV-1a; a long list is
`[n]#count:hash`, each item followed by a byte FF.
"""

import argparse
import codecs
import io
import itertools
import os
import random
import re
import sys
import tempfile

SEED = 20250
HERE = os.path.dirname(os.path.abspath(__file__))
LONG = 28  # a literal beyond that many bytes is recorded as its length and hash


# Literals, hashes ------------------------------------------------------------------------

ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def literal(value):
    """`value` between quotes: printable characters as they are, bytes as ASCII."""
    if isinstance(value, bytes):
        show = lambda c: c if " " <= c <= "~" else f"\\x{ord(c):02x}"
        value = value.decode("latin-1")
    else:
        show = lambda c: c if c.isprintable() else f"\\u{{{ord(c):x}}}"
    return '"' + "".join(ESCAPES.get(c) or show(c) for c in value) + '"'


def times(value, count):
    return literal(value) + (f"*{count}" if count != 1 else "")


def fnv1a(data):
    h = 0x811C9DC5
    for byte in data:
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    return h


def raw_bytes(value):
    return value if isinstance(value, bytes) else value.encode("utf-8")


def hashed(data):
    return f"#{len(data)}:{fnv1a(data):08x}"


# Results ---------------------------------------------------------------------------------

class Failed(Exception):
    """An operation that failed with an error of this class; `partial` is what `iter` had."""

    def __init__(self, kind, partial=None):
        super().__init__(kind)
        self.kind, self.partial = kind, partial


class Undecided(Exception):
    """No rule says what this case gives: draw another."""


class Position(int):
    """The number of an earlier `tell`."""


OK = object()


def show(result):
    if isinstance(result, Failed):
        return ("" if result.partial is None else show(result.partial)) + "!" + result.kind
    if result is OK:
        return "ok"
    if isinstance(result, Position):
        return f"@{int(result)}"
    if isinstance(result, int):
        return str(result)
    if isinstance(result, list):
        data = b"".join(raw_bytes(item) + b"\xff" for item in result)
        if len(data) <= LONG * 2:
            return "[" + " ".join(map(literal, result)) + "]"
        return f"[{len(result)}]" + hashed(data)
    data = raw_bytes(result)
    return literal(result) if len(data) <= LONG else hashed(data)


def same(a, b):
    if isinstance(a, Failed) and isinstance(b, Failed):
        return a.kind == b.kind and a.partial == b.partial
    return type(a) is type(b) and a == b


# CPython ---------------------------------------------------------------------------------

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


# The models ------------------------------------------------------------------------------

class BytesModel:
    """A byte file without a buffer."""

    def __init__(self, case, content):
        self.case = case
        self.data = bytearray(b"" if "w" in case.mode or content is None else content)
        self.pos = len(self.data) if "a" in case.mode else 0
        self.closed = False
        self.hooks = []
        self.readable = "r" in case.mode or "+" in case.mode
        self.writable = case.mode != "r"
        self.astray = False  # an append whose place is known to the system only until a flush

    def hook(self, name):
        if name not in self.hooks:
            self.hooks.append(name)

    def need(self, direction):
        if self.closed:
            if not direction:
                self.hook("closed-wins")
            raise Failed("Closed")
        if not direction:
            if self.case.kind == "raw":
                self.hook("direction")  # CPython's raw `readall` gives EBADF
            raise Failed("Unsupported")

    def do(self, op, arg):
        if op == "size":
            return len(self.data)
        if self.astray and op not in ("flush", "write", "close"):
            raise Undecided("append before flush")
        try:
            return getattr(self, op)(arg)
        except Failed as failed:
            return failed

    def take(self, n):
        n = len(self.data) - self.pos if n is None else n
        piece = bytes(self.data[self.pos : self.pos + max(n, 0)])
        self.pos += len(piece)
        return piece

    def read(self, n):
        self.need(self.readable)
        return self.take(n)

    read1 = readinto = read

    def peek(self, _):
        self.need(self.readable)
        return bytes(self.data[self.pos : self.pos + 8])

    def line(self, n):
        end = self.data.find(b"\n", self.pos) + 1 or len(self.data)
        return self.take(max(end - self.pos, 0) if n is None else min(max(end - self.pos, 0), n))

    def readline(self, n):
        self.need(self.readable)
        return self.line(n)

    def readlines(self, hint):
        self.need(self.readable)
        lines, total = [], 0
        while not hint or total <= hint:
            line = self.line(None)
            if not line:
                break
            lines.append(line)
            total += len(line)
        return lines

    def iter(self, k):
        lines = []
        for _ in range(k):
            try:
                self.need(self.readable)
                line = self.line(None)
            except Failed as failed:
                raise Failed(failed.kind, lines) from None
            if not line:
                break
            lines.append(line)
        return lines

    def put(self, data):
        if not data:
            return
        if "a" in self.case.mode:
            self.astray |= self.pos != len(self.data) and self.case.kind == "binary"
            self.pos = len(self.data)
        self.data.extend(bytes(max(self.pos - len(self.data), 0)))
        self.data[self.pos : self.pos + len(data)] = data
        self.pos += len(data)

    def write(self, data):
        self.need(self.writable)
        self.put(data)
        return len(data)

    def writelines(self, items):
        self.need(self.writable or not items)
        for item in items:
            self.put(item)
        return OK

    def tell(self, _):
        self.need(True)
        return self.pos

    def seek(self, arg):
        self.need(True)
        origin, offset = arg
        target = offset + {"start": 0, "current": self.pos, "end": len(self.data)}[origin]
        if target < 0:
            raise Failed("Os:22")
        self.pos = target
        return target

    def truncate(self, n):
        self.need(self.writable)
        n = self.pos if n is None else n
        self.data[n:] = bytes(max(n - len(self.data), 0))
        return n

    def flush(self, _):
        self.need(True)
        self.astray = False
        return OK

    def close(self, _):
        self.closed = True
        return OK

    def newlines(self):
        return frozenset()

    most_newlines = newlines


BOMS = {"utf-8-sig": codecs.BOM_UTF8, "utf-16": codecs.BOM_UTF16_LE, "utf-32": codecs.BOM_UTF32_LE}
BARE = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
STOPPING = {"strict": "T-error-pos", "xmlcharrefreplace": "E-handlers-dec"}  # decode errors fail
STEPS = {}  # (encoding, content) -> {(position, decoder flags): the group decoded there}


class TextModel(BytesModel):
    """A text file without a buffer: its position is a byte, what the decoder knows there, and
    how many characters of the group at that byte are taken already."""

    def __init__(self, case, content):
        super().__init__(case, content)
        self.flags = None  # what the decoder knows; None: nothing but where it stands
        self.skip = 0
        self.after_cr = False
        self.seen = frozenset()
        self.most = frozenset()
        self.places = []
        self.version = 0
        self.read_ahead = False
        self.stop = False
        self.pos_before = 0
        self.steps = None

    def do(self, op, arg):
        self.pos_before = self.pos
        before = self.seen
        result = super().do(op, arg)
        if isinstance(result, Failed):
            self.seen = before  # what a failed read had decoded may count or not
        return result

    # decoding

    def step(self):
        """The group of characters at the position: (text or None for bad bytes, bytes, next
        position, next flags), or None at the end."""
        if self.steps is None:
            if len(STEPS) > 64:
                STEPS.clear()
            self.steps = STEPS.setdefault((self.case.encoding, bytes(self.data)), {})
        key = (self.pos, self.flags)
        if key not in self.steps:
            self.steps[key] = self.decode_step()
        return self.steps[key]

    def decode_step(self):
        decoder = codecs.getincrementaldecoder(self.case.encoding)()
        if self.pos and (self.flags is not None or self.case.encoding != "iso-2022-jp"):
            decoder.setstate((b"", self.flags or 0))
        flags = lambda: decoder.getstate()[1]
        for i in range(self.pos, len(self.data) + 1):
            piece = bytes(self.data[i : i + 1])
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                if "BOM" in error.reason:
                    return ("no BOM", b"", 0, 0)
                start = i + len(piece) - len(error.object) + error.start
                end = start + error.end - error.start
                return (None, bytes(self.data[start:end]), end, flags())
            if text:
                return (text, b"", i + len(piece), flags())
        return ("", b"", max(self.pos, len(self.data)), flags())

    def group(self):
        """The characters at the position and where they end; fails on bad bytes if strict."""
        text, bad, end, flags = self.step()
        if text == "no BOM":
            self.stop = True
            self.hook("E-bom-read")
            raise Failed("Decode")
        if text is None:
            check_bad(self.case.encoding, bytes(self.data), bad, end)
            errors = self.case.errors
            if errors in STOPPING:
                self.hook(STOPPING[errors])
                self.move(end, flags)
                raise Failed("Decode")
            text = {"ignore": "", "replace": "\ufffd"}.get(errors, "".join(f"\\x{b:02x}" for b in bad))
        elif text:
            check_alphabet(self.case.encoding, text)
        return text, end, flags

    def move(self, end, flags):
        self.pos, self.flags, self.skip, self.after_cr = end, flags, 0, False

    def char(self):
        """One character as it is in the file, or ""."""
        while True:
            text, end, flags = self.group()
            if self.skip < len(text):
                c = text[self.skip]
                self.skip += 1
                if self.skip == len(text):
                    self.move(end, flags)
                return c
            at_end = end >= len(self.data) and not text
            self.move(end, flags)
            if at_end:
                return ""

    def next_is_lf(self):
        """Whether "\n" follows; where that cannot be known without an error, no rule says."""
        place = self.place()
        try:
            return self.char() == "\n"
        except Failed:
            raise Undecided("bad bytes behind a carriage return") from None
        finally:
            self.restore(place)

    def place(self):
        return (self.pos, self.flags, self.skip, self.after_cr)

    def restore(self, place):
        self.pos, self.flags, self.skip, self.after_cr = place

    def next(self):
        """One character as the newline mode delivers it, or ""."""
        after_cr = self.after_cr
        c = self.char()
        self.after_cr = False
        if self.case.newline in (None, ""):
            if c == "\r":
                crlf = self.next_is_lf()
                self.seen |= {"\r\n" if crlf else "\r"}
                if self.case.newline is None:
                    if crlf:
                        self.char()
                    return "\n"
                self.after_cr = crlf
            elif c == "\n":
                self.seen |= {"\r\n" if after_cr else "\n"}
        return c

    def start(self):
        self.need(self.readable)
        if self.case.encoding == "iso-2022-jp" and re.search(rb"\x1b\([BJ]\x1b", self.data):
            raise Undecided("WHATWG refuses two escapes in a row")
        self.read_ahead = True
        if self.case.errors in STOPPING and self.flawed():
            self.hook(STOPPING[self.case.errors])

    def flawed(self):
        try:
            bytes(self.data).decode(self.case.encoding)
            return False
        except UnicodeDecodeError:
            return True

    def take(self, n):
        chars = []
        while n is None or len(chars) < n:
            c = self.next()
            if not c:
                break
            chars.append(c)
        return "".join(chars)

    def read(self, n):
        self.start()
        return self.take(n)

    def line(self, n):
        line, newline = [], self.case.newline
        ends = {None: "\n", "": "\n", "\n": "\n", "\r": "\r", "\r\n": "\r\n"}[newline]
        while n is None or len(line) < n:
            c = self.next()
            if not c:
                break
            line.append(c)
            if "".join(line[-len(ends) :]) == ends:
                break
            if newline == "" and c == "\r" and not self.after_cr:
                break
        return "".join(line)

    def readline(self, n):
        self.start()
        return self.line(n)

    def readlines(self, hint):
        self.hook("P-next")
        self.start()
        return super().readlines(hint)

    def iter(self, k):
        if self.readable and not self.closed:
            self.start()
        return super().iter(k)

    # writing

    def settle(self, decision):
        """Before what changes the file at the logical position: there must be one."""
        if self.skip or self.after_cr:
            raise Undecided("the position is inside a group")
        if self.readable and self.read_ahead:
            self.hook(decision)

    def put_text(self, text):
        c = self.case
        encoded = text.replace("\n", c.newline) if c.newline in ("\r", "\r\n") else text
        try:
            data = encoded.encode(BARE.get(c.encoding, c.encoding), c.errors)
        except UnicodeEncodeError:
            raise Failed("Encode") from None
        if "a" not in c.mode:
            self.settle("RW-gotcha")
        place = len(self.data) if "a" in c.mode else self.pos
        if c.encoding in BOMS:
            if place == 0:
                data = BOMS[c.encoding] + data
            elif self.data[: len(BOMS[c.encoding])] != BOMS[c.encoding]:
                raise Undecided("a write into a file with another mark, or none")
            self.hook("E-bom-r+")
        if c.encoding == "iso-2022-jp":
            # CPython sets the encoder to a state it does not know when it starts elsewhere.
            if place != len(self.data) or c.mode[0] == "a" and place:
                raise Undecided("ISO-2022-JP in the middle")
        self.put(data)
        self.changed()
        self.skip, self.after_cr, self.flags, self.read_ahead = 0, False, None, False
        self.seen = self.most = frozenset()
        return len(text)

    def changed(self):
        self.version += 1
        self.steps = None

    def write(self, text):
        self.need(self.writable)
        return self.put_text(text)

    def writelines(self, items):
        self.need(self.writable or not items)
        for item in items:
            self.put_text(item)
        return OK

    def truncate(self, n):
        self.need(self.writable)
        if n is None:
            self.settle("RW-truncate-none")
            if self.case.mode[0] == "a" and self.pos > len(self.data):
                raise Undecided("beyond the end of an append")
        self.settle("RW-truncate-stale")
        n = super().truncate(n)
        self.changed()
        return n

    # positions

    def tell(self, _):
        self.need(True)
        self.hook("N-attr")
        self.places.append((self.place(), self.version))
        return Position(len(self.places) - 1)

    def seek(self, arg):
        self.need(True)
        origin, offset = arg
        if origin == "current":
            if offset:
                raise Failed("Unsupported")
            self.hook("N-attr")
        elif origin == "end":
            if offset:
                raise Failed("Unsupported")
            self.move(len(self.data), None)
            self.seen = self.most = frozenset()
        else:
            place, version = ((0, None, 0, False), self.version) if origin == "start" else self.places[offset]
            if version != self.version and (place[0] > len(self.data) or place[1:] != (None, 0, False)):
                if place[2] or place[3] or self.case.encoding == "iso-2022-jp":
                    raise Undecided("a position in what has been changed")
            self.restore(place)
            if place[0] == 0 and not place[2]:
                self.seen = self.most = frozenset()
        self.read_ahead = False
        return OK

    def newlines(self):
        return self.seen

    def most_newlines(self):
        """What could be seen if the whole file had been decoded since `newlines` was reset."""
        if self.read_ahead and self.case.newline in (None, ""):
            decoder = io.IncrementalNewlineDecoder(None, False)
            text = bytes(self.data).decode(BARE.get(self.case.encoding, self.case.encoding), "replace")
            decoder.decode(text, final=True)
            seen = decoder.newlines
            self.most |= frozenset([seen] if isinstance(seen, str) else seen or ())
        self.most |= self.seen
        return self.most


# What Python and WHATWG agree on ---------------------------------------------------------

UNICODE = "é漢😀"
# encoding: (characters it has, characters it lacks, bad pieces)
BAD_UTF8 = [b"\xff", b"\xc3(", b"\xe6\xbc ", b"\xf0\x9f\x98A", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xe2\x82"]
ENCODINGS = {
    "utf-8": (UNICODE + "\u2028\x85\ufeff", "", BAD_UTF8),
    "utf-8-sig": (UNICODE, "", BAD_UTF8),
    "utf-16": (UNICODE, "", [b"\x00\xd8", b"\x00\xdc"]),
    "utf-16-le": (UNICODE + "\ufeff", "", [b"\x00\xd8", b"\x00\xdc"]),
    "utf-16-be": (UNICODE, "", [b"\xd8\x00", b"\xdc\x00"]),
    "utf-32": (UNICODE, "", [b"\x00\x00\x11\x00", b"\x00\xd8\x00\x00"]),
    "utf-32-le": (UNICODE, "", [b"\x00\x00\x11\x00", b"\x00\xd8\x00\x00"]),
    "utf-32-be": (UNICODE, "", [b"\x00\x11\x00\x00", b"\x00\x00\xd8\x00"]),
    "latin-1": ("é\x85ÿ\x0b", "漢😀", []),
    "ascii": ("\x0b\x1c~", "é漢😀", [b"\x80", b"\xff\xfe"]),
    "windows-1252": ("é€ÿ", "漢😀", []),
    "iso-8859-15": ("é€ÿ", "漢😀", []),
    "koi8-r": ("Привет", "漢é", []),
    "shift_jis": ("漢字あアソ", "한😀", [b"\xff", b"\x88 "]),
    "euc-jp": ("漢字あアソ", "한😀", [b"\xff", b"\xb0 "]),
    "iso-2022-jp": ("漢字あアソ", "한😀", [b"\xff"]),
    "gb18030": ("漢字中é😀", "", [b"\xff", b"\xb0 "]),
    "gbk": ("漢字中", "😀", [b"\xff", b"\xb0 "]),
    "big5": ("漢字中", "😀", [b"\xff", b"\xa4 "]),
    "euc-kr": ("한글漢", "😀", [b"\xff", b"\xb0 "]),
}
LEGACY = {"windows-1252", "iso-8859-15", "koi8-r", "shift_jis", "euc-jp", "iso-2022-jp", "gb18030", "gbk", "big5", "euc-kr"}
GROUPS = {
    "utf8": (["utf-8", "utf-8-sig"], 1050),
    "utf16": (["utf-16", "utf-16-le", "utf-16-be"], 990),
    "utf32": (["utf-32", "utf-32-le", "utf-32-be"], 840),
    "single_byte": (["latin-1", "ascii", "windows-1252", "iso-8859-15", "koi8-r"], 1000),
    "east_asian": (["shift_jis", "euc-jp", "iso-2022-jp", "gb18030", "gbk", "big5", "euc-kr"], 840),
}
ERRORS = ["strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace"]
NEWLINES = {None: "none", "": "empty", "\n": "lf", "\r": "cr", "\r\n": "crlf"}
MODES = ["r", "r+", "w", "w+", "a", "a+", "x", "x+"]
SIZES = [16, 64, 4096, None]


def check_bad(encoding, data, bad, end):
    """Refuses bad bytes that WHATWG divides otherwise than Python."""
    if encoding in LEGACY and bad != b"\xff" and not (len(bad) == 1 and data[end : end + 1] in (b"", b" ")):
        raise Undecided("bad bytes of a legacy encoding")


def check_alphabet(encoding, text):
    """Refuses characters of a legacy encoding whose tables may differ."""
    if encoding in LEGACY and any(c > "\x7e" and c not in ENCODINGS[encoding][0] for c in text):
        raise Undecided("a character outside the common table")


# Drawing cases ---------------------------------------------------------------------------

class Case:
    pass


def pieces_of(parts):
    return b"".join(data * count for data, count in parts)


def text_pool(encoding):
    """The contents of one encoding: (pieces, whether they are valid)."""
    rng = random.Random(f"{SEED} {encoding}")
    wide, _, bad = ENCODINGS[encoding]
    bare = BARE.get(encoding, encoding)
    enc = lambda s: s.encode(bare)
    bom = [(BOMS[encoding], 1)] if encoding in BOMS else []
    tokens = list("abcxyz ") + list(wide) * 2 + ["\n", "\r\n", "\r", "\r\n", "\n"]
    words = lambda n: "".join(rng.choice(tokens) for _ in range(n))
    pool = [([], True)]
    for count in (3, 9, 14, 30, 60):
        pool.append((bom + [(enc(words(count)), 1)], True))
    unit = len(enc("a"))
    for boundary in (16, 64, 4096, 8192):
        for astride in (wide[0], "😀" if "😀" in wide else wide[-1], "\r\n"):
            room = boundary - sum(len(d) for d, _ in bom)
            size = len(enc(astride))
            before = rng.choice([k for k in range(1, room) if 0 < room - k < size and k % unit == 0] or [room // unit * unit])
            fill = enc("line\n") if boundary > 64 else enc("a")
            lead = [(fill, before // len(fill)), (enc("b"), before % len(fill) // unit)]
            pool.append((bom + [p for p in lead if p[1]] + [(enc(astride + words(6)), 1)], True))
    for total in (700, 9000, 65536):
        part = enc(words(17) + "\n" + wide[0] + "q")
        part += enc("z") * (len(part) % 2 == 0)
        pool.append((bom + [(part, (total - 4) // len(part))], True))
    for flaw in bad:
        if encoding == "iso-2022-jp" and flaw != b"\xff":
            continue
        pool.append((bom + [(enc("ok\n" + wide[0] + "b"), 1), (flaw, 1), (enc("cd\r\n" + wide[-1] + "e\n"), 1)], False))
        lead = rng.choice((13, 61, 4093)) // unit
        pool.append((bom + [(enc("ab\n"), lead // 3), (enc("b"), lead % 3 + 1), (flaw, 1), (enc("x\ny" + wide[0] + "\n"), rng.choice((1, 9)))], False))
        pool.append((bom + [(enc("end"), 1), (flaw, 1)], False))
    cut = enc("ab\n" + wide[-1])
    if bad and len(enc(wide[-1])) > 1 and encoding != "iso-2022-jp":
        pool.append((bom + [(cut[:-1], 1)], False))
    if encoding == "utf-16":
        pool.append(([(codecs.BOM_UTF16_BE + "aé\r\n漢😀b\n".encode("utf-16-be"), 1)], True))
        pool.append(([(enc("no mark\n"), 1)], False))
        pool.append(([(codecs.BOM_UTF16_LE, 1)], True))
    if encoding == "utf-32":
        pool.append(([(codecs.BOM_UTF32_BE + "aé\r\n漢😀b\n".encode("utf-32-be"), 1)], True))
        pool.append(([(enc("no mark\n"), 1)], False))
    if encoding == "utf-8-sig":
        pool.append(([(codecs.BOM_UTF8 * 2 + enc("a\r\n"), 1)], True))
        pool.append(([(codecs.BOM_UTF8[:2], 1)], True))
        pool.append(([(enc("no mark\né\r\n"), 1)], True))
    return [(parts, valid) for parts, valid in pool]


def bytes_pool():
    rng = random.Random(f"{SEED} bytes")
    tokens = [b"a", b"b", b"\x00", b"\xff", b"\r", b"\n", b"\r\n", b"\n", b"xyz"]
    words = lambda n: b"".join(rng.choice(tokens) for _ in range(n))
    pool = [([], True)] + [([(words(n), 1)], True) for n in (4, 12, 30, 70)]
    for boundary in (16, 64, 4096):
        pool.append(([(b"l\n", boundary // 2 - 1), (b"a\r\n" + words(5), 1)], True))
    pool.append(([(words(13) + b"\n", 300)], True))
    pool.append(([(words(40) + b"\nq", 65000 // 60)], True))
    return pool


COUNTS = [0, 1, 1, 2, 2, 3, 5, 8, 15, 16, 17, 63, 64, 65]
LARGE = [100, 1000, 4095, 4096, 4097, 8191, 8192, 8193, 70000]


def draw_ops(rng, case, size, iso):
    text = case.kind == "text"
    readable = "r" in case.mode or "+" in case.mode
    writable = case.mode != "r"
    count = lambda: rng.choice(LARGE if size > 500 and rng.random() < 0.4 else COUNTS)
    wide, lacking, _ = ENCODINGS[case.encoding] if text else ("", "", [])

    def words(n):
        if not text:
            return b"".join(rng.choice([b"A", b"B", b"\n", b"\x00", b"\xfe"]) for _ in range(n))
        tokens = list("ABC") + list(wide) + ["\n", "\n", "\r\n"] + (list(lacking) if rng.random() < 0.25 else [])
        # ISO-2022-JP: CPython goes back to ASCII only with a character of ASCII.
        return "".join(rng.choice(tokens) for _ in range(n)) + "." * (iso and n > 0)

    tells = 0
    ops = []
    closed = False
    weights = {
        "read": 5 * readable, "readline": 4 * readable, "readlines": 1.2 * readable, "iter": 1.2 * readable,
        "write": 5 * writable, "writelines": 1.2 * writable, "tell": 2.4, "seek": 3.6,
        "truncate": 1.4 * writable, "flush": 0.7, "close": 0.35 if text else 1.4,
    }
    if case.kind == "binary":
        weights.update(read1=1.2 * readable, peek=1.5 * readable)
    if not text:
        weights.update(readinto=1.5 * readable)
    if not text and writable:
        weights["write"] = 4
    if iso and case.mode != "r":
        weights["tell"] = 0
    wrong = [op for op, weight in weights.items() if not weight and not (iso and op == "tell")]
    for _ in range(rng.randint(6, 9)):
        if wrong and rng.random() < (0.5 if closed else 0.05):
            op = rng.choice(wrong)
        else:
            op = rng.choices(list(weights), list(weights.values()))[0]
        arg = None
        if op in ("read", "readline"):
            arg = None if rng.random() < (0.2 if op == "read" else 0.6) else count()
        elif op == "readlines":
            arg = None if rng.random() < 0.3 else rng.choice([1, 2, 4, 7, 20])
        elif op == "iter":
            arg = rng.randint(1, 3)
        elif op in ("readinto", "peek", "read1"):
            arg = count()
        elif op == "write":
            arg = words(rng.choice([0, 1, 2, 3, 3, 4, 6])), 1
            if rng.random() < 0.12:
                arg = arg[0], rng.choice([7, 20, 40] if rng.random() < 0.7 else [900])
        elif op == "writelines":
            arg = [words(rng.randint(1, 3)) for _ in range(rng.randint(0, 3))]
        elif op == "seek":
            choices = ["start", "start", "current", "end"] + ["@"] * (3 * bool(tells) * text)
            if iso:
                choices = ["start"] + ["@"] * (bool(tells) and case.mode == "r")
            origin = rng.choice(choices)
            if origin == "@":
                offset = rng.randrange(tells)
            elif text:
                offset = 0 if origin == "start" or rng.random() < 0.85 else rng.choice([1, -1])
            else:
                offset = {"start": 1, "current": rng.choice([1, 1, -1]), "end": rng.choice([-1, -1, 1])}[origin] * count()
            arg = (origin, offset)
        elif op == "truncate":
            arg = None if rng.random() < 0.5 else rng.choice([0, 0, 4, 8, 12, size // 2])
            arg = 0 if iso else arg
        ops.append((op, arg))
        tells += op == "tell" and not closed
        closed |= op == "close"
        on_disk = op == "flush" or case.kind == "raw"
        if text and case.line_buffering and op == "write" and re.search("[\n\r]", arg[0] * arg[1]):
            on_disk = True
        if on_disk and writable and not closed and rng.random() < 0.4:
            ops.append(("size", None))
        if closed and rng.random() < (0.6 if text else 0.2):
            break
    return ops


def draw_case(rng, kind, encoding, pool, done):
    """A case; the first ones see to it that every content is read."""
    case = Case()
    case.kind, case.encoding = kind, encoding
    case.mode = rng.choices(MODES, [8, 8, 2, 4, 2, 4, 1, 2])[0]
    if done < len(pool):
        case.mode = rng.choice(["r", "r+"])
    case.size = None if kind == "raw" else rng.choice(SIZES)
    text = kind == "text"
    case.errors = rng.choices(ERRORS, [6, 2, 3, 3, 2])[0] if text else None
    case.newline = rng.choices(list(NEWLINES), [5, 4, 2, 2, 2])[0] if text else None
    case.line_buffering = text and rng.random() < 0.15
    if case.mode[0] == "x" and rng.random() < 0.93 or done >= len(pool) and rng.random() < 0.02:
        case.content, parts = "missing", None
    else:
        index = rng.randrange(len(pool)) if done >= len(pool) else done
        if done >= len(pool) and pool[index][1] and len(pieces_of(pool[index][0])) > 5000 and rng.random() < 0.5:
            index = rng.randrange(min(6, len(pool)))
        case.content, parts = f"{encoding}/{index}" if text else f"bytes/{index}", pool[index][0]
    case.data = None if parts is None else pieces_of(parts)
    case.ops = draw_ops(rng, case, len(case.data or b""), encoding == "iso-2022-jp")
    return case


# Running and writing ---------------------------------------------------------------------

def run(driver, case, path, model=None):
    """The results of all operations, or the class of the error at open."""
    if os.path.exists(path):
        os.unlink(path)
    if case.data is not None:
        with open(path, "wb") as f:
            f.write(case.data)
    f = driver(case, path) if model is None else driver(case, path, model)
    try:
        f.open()
    except OSError as error:
        return classify(error), None
    return None, f


def value_of(op, arg):
    return arg[0] * arg[1] if op == "write" else arg


def nl_ok(seen, least, most, wiped):
    return seen <= most and (least <= seen or wiped)


NL_NAMES = {"\n": "lf", "\r": "cr", "\r\n": "crlf"}


def show_newlines(seen):
    return ",".join(name for nl, name in NL_NAMES.items() if nl in seen) or "-"


def record(case, path):
    """The lines of one case; raises `Undecided` where there is none."""
    opened, plain = run(Plain, case, path)
    if opened:
        return case_line(case, []) + [f"open - !{opened}"], "as CPython"
    make = TextModel if case.kind == "text" else BytesModel
    model = make(case, case.data)
    lines, steps, differs = [], [], []
    shown = ("-", "-")
    for op, arg in case.ops:
        value = value_of(op, arg)
        expected = model.do(op, value)
        least, most = model.newlines(), model.most_newlines()
        steps.append((op, value, expected, least, most, "N-attr" in model.hooks))
        text = f"{op} {show_arg(op, arg)} {show(expected)}"
        now = (show_newlines(least), show_newlines(most))
        if now != shown and not model.closed:
            text += f" ~{now[0]}" + (f"..{now[1]}" if now[1] != now[0] else "")
            shown = now
        lines.append(text)
        if getattr(model, "stop", False):
            break
    final = bytes(model.data)
    lines.append("end " + show(final))

    why = compare(plain, steps, final, False)
    if why is None:
        return case_line(case, []) + lines, "as CPython"
    if not model.hooks:
        raise AssertionError(f"unexplained: {why}\n" + "\n".join(case_line(case, []) + lines))
    # A second model runs along, for the logical position.
    _, careful = run(Careful, case, path, make(case, case.data))
    try:
        still = compare(careful, steps, final, True)
    except AssertionError as error:
        still = str(error)
    if still is not None:
        raise AssertionError(f"the model and careful CPython differ: {still} {model.hooks}\n" + "\n".join(case_line(case, []) + lines))
    early = any(isinstance(expected, Failed) and expected.kind == "Decode" for _, _, expected, *_ in steps[:-1])
    return case_line(case, model.hooks) + lines, "decided, by the model alone after a decoding error" if early else "decided"


def excused(case, got, expected):
    """What CPython gives otherwise however it is driven, each for a named reason."""
    if not isinstance(got, Failed) or not isinstance(expected, Failed):
        # closed-wins: raw `readline(0)` looks at nothing and gives b"".
        return case.kind == "raw" and got == b"" and isinstance(expected, Failed) and expected.kind == "Closed"
    return (got.kind, expected.kind) in [
        ("Unsupported", "Closed"),  # closed-wins: CPython looks at the direction first
        ("Os:9", "Unsupported"),  # direction: the `readall` of a write-only raw file
    ]


def compare(f, steps, final, careful):
    """None if CPython gives all of it, else the first difference."""
    for i, (op, value, expected, least, most, wiped) in enumerate(steps):
        if careful:
            f.model.do(op, value)
        got = f.do(op, value)
        if op == "peek" and isinstance(got, bytes) and got and isinstance(expected, bytes):
            got += expected[len(got) :]  # as many as the buffer had
        if not same(got, expected) and not (careful and excused(f.case, got, expected)):
            f.finish()
            return f"op {i} {op}: CPython {show(got)}, decided {show(expected)}"
        if not f.f.closed and not nl_ok(f.newlines(), least, most, wiped or careful):
            seen = f.newlines()
            f.finish()
            return f"op {i} {op}: newlines {seen}, decided {set(least)}..{set(most)}"
        if careful and isinstance(expected, Failed) and expected.kind == "Decode":
            f.finish()
            return None
    data = f.finish()
    return None if data == final else f"file: CPython {data[:60]!r}, decided {final[:60]!r}"


def show_arg(op, arg):
    if op == "write":
        return times(*arg)
    if op == "writelines":
        return "[" + " ".join(map(literal, arg)) + "]"
    if op == "seek":
        return f"@{arg[1]}" if arg[0] == "@" else f"{arg[0]}:{arg[1]}"
    return "-" if arg is None else str(arg)


def case_line(case, hooks):
    text = case.kind == "text"
    fields = [
        "case", case.kind, case.mode, "-" if case.size is None else str(case.size),
        "lb" if case.line_buffering else "-",
        case.encoding if text else "-", case.errors if text else "-",
        NEWLINES[case.newline] if text else "-", case.content,
    ]
    return [" ".join(fields + (["decided:" + ",".join(hooks)] if hooks else []))]


def group_text(name, draws, folder, tally):
    """One file: `draws` is a list of (kind, encoding, how many)."""
    rng = random.Random(f"{SEED} {name}")
    out = [f"# Recorded by record.py (seed {SEED}), which explains the format. Do not edit."]
    path = os.path.join(folder, "f")
    blocks = []
    used = set()
    pools = {}
    for kind, encoding, count in draws:
        pool = pools.setdefault(encoding, text_pool(encoding) if kind == "text" else bytes_pool())
        done = 0
        while done < count:
            case = draw_case(rng, kind, encoding, pool, done)
            try:
                lines, how = record(case, path)
            except Undecided as why:
                tally[f"undecided: {why}"] = tally.get(f"undecided: {why}", 0) + 1
                continue
            tally[how] = tally.get(how, 0) + 1
            blocks.append(lines)
            used.add(case.content)
            done += 1
    for encoding, pool in pools.items():
        for index, (parts, _) in enumerate(pool):
            label = f"{encoding}/{index}" if encoding else f"bytes/{index}"
            if label in used:
                out.append(" ".join(["content", label] + [times(*part) for part in parts]))
    for lines in blocks:
        out += lines
    return "\n".join(out) + "\n"


# Mode strings ----------------------------------------------------------------------------

def mode_table(folder):
    """What CPython says to every mode of up to three of these characters."""
    path = os.path.join(folder, "modes")
    out = [
        f"# Recorded by record.py (seed {SEED}). Do not edit.",
        '# "mode" ok TYPE .mode r|- w|-    or    "mode" !invalid|both|one|none',
    ]
    reasons = {
        "invalid mode": "invalid", "can't have text and binary": "both",
        "must have exactly one": "one", "Must have exactly one": "none",
    }
    for n in range(4):
        for chars in itertools.product("rwxabt+U", repeat=n):
            mode = "".join(chars)
            if "x" in mode:
                if os.path.exists(path):
                    os.unlink(path)
            elif not os.path.exists(path):
                open(path, "w").close()
            try:
                with open(path, mode) as f:
                    kind = "text" if isinstance(f, io.TextIOBase) else "binary"
                    shown = f.mode
                    line = f"ok {kind} {shown} {'r' if f.readable() else '-'} {'w' if f.writable() else '-'}"
            except ValueError as error:
                line = "!" + next(v for k, v in reasons.items() if str(error).startswith(k))
            out.append(f"{literal(mode)} {line}")
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file would change")
    parser.add_argument("--only", help="one file, by name without .txt")
    options = parser.parse_args()
    if sys.version_info < (3, 13):
        sys.exit("record.py needs CPython 3.13 or later")
    files = {}
    tally = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (encodings, total) in GROUPS.items():
            draws = [("text", encoding, total // len(encodings)) for encoding in encodings]
            files[name] = lambda name=name, draws=draws: group_text(name, draws, folder, tally)
        files["bytes"] = lambda: group_text("bytes", [("binary", "", 330), ("raw", "", 200)], folder, tally)
        files["modes"] = lambda: mode_table(folder)
        changed = False
        for name, make in files.items():
            if options.only in (None, name):
                text = make()
                path = os.path.join(HERE, name + ".txt")
                old = open(path, encoding="utf-8", newline="").read() if os.path.exists(path) else None
                changed |= text != old
                print(f"{name}.txt: {text.count(chr(10) + 'case ')} cases, {len(text.encode())} bytes"
                      + ("" if text == old else ", changed"))
                if not options.check:
                    with open(path, "w", encoding="utf-8", newline="") as f:
                        f.write(text)
    for key in sorted(tally):
        print(f"  {tally[key]:6} {key}")
    if options.check and changed:
        sys.exit(1)


if __name__ == "__main__":
    main()
