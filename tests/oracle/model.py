"""A byte file and a text file without any buffer, which carry the decisions of PARITY.md."""

import codecs
import io
import re

from notation import Failed, OK, Position, Undecided
from tables import BARE, BOMS, check_alphabet, check_bad

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
            data = bytes(self.data)
            marks = {"utf-16": (b"\xfe\xff", "utf-16-be"), "utf-32": (b"\0\0\xfe\xff", "utf-32-be")}
            mark, big_endian = marks.get(self.case.encoding, (None, None))
            codec = BARE.get(self.case.encoding, self.case.encoding)
            if mark and data.startswith(mark):
                codec = big_endian
            text = data.decode(codec, "replace")
            decoder.decode(text, final=True)
            seen = decoder.newlines
            self.most |= frozenset([seen] if isinstance(seen, str) else seen or ())
        self.most |= self.seen
        return self.most
