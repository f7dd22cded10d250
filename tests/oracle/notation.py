"""How values are written in the recorded files, and the results that operations have."""



LONG = 28  # a literal beyond that many bytes is recorded as its length and hash


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
