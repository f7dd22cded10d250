"""Drawing random cases."""

import codecs
import random
import re

from tables import BARE, BOMS, ENCODINGS, ERRORS, MODES, NEWLINES, SIZES

SEED = 20250


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
