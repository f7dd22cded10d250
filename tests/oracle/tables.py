"""The encodings of the cases, and the characters on which Python and WHATWG agree."""

import codecs

from notation import Undecided

BOMS = {"utf-8-sig": codecs.BOM_UTF8, "utf-16": codecs.BOM_UTF16_LE, "utf-32": codecs.BOM_UTF32_LE}
BARE = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
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
