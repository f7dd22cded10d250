#!/usr/bin/env python3
"""Records what CPython does with text, binary and raw files, for `tests/oracle.rs`.

    python3.13 -B tests/oracle/record.py            # writes the .txt files beside this script
    python3.13 -B tests/oracle/record.py --check    # only says whether they would change

CPython 3.13 or later (3.11 and 3.12 misplace a pending text write before a read). Nothing
but the standard library; the seed is fixed, so the same interpreter gives the same files.

`draw.py` draws cases, `cpython.py` and `model.py` run them, `tables.py` has the encodings.

How a case comes to be
----------------------
A case is a file's first content, how it is opened, and a random list of operations. It runs
three times:

1. on CPython as it is (`Plain`);
2. on a model of a text or byte file without any buffer (`TextModel`, `BytesModel`), which
   carries the decisions of PARITY.md; codecs and error handlers are CPython's own;
3. only where these two differ: on CPython driven with care (`Careful`): it seeks to the
   logical position around writes and truncations (the model's, and `tell()` must say the
   same), gives `truncate` its default, seeks to the end before it appends, and decodes byte by
   byte (`_CHUNK_SIZE = 1`) where strict errors may come, so that the chunk an error falls in
   does not matter.

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
import io
import itertools
import os
import random
import sys
import tempfile

from cpython import Careful, Plain, classify
from draw import SEED, bytes_pool, draw_case, text_pool
from model import BytesModel, TextModel
from notation import Failed, Undecided, literal, same, show, times
from tables import GROUPS, NEWLINES

HERE = os.path.dirname(os.path.abspath(__file__))


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
