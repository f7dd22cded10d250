"""Records what CPython's os and os.path do, for tests/os_python.rs.

    python3 tests/oracle/os.py > tests/oracle/os.txt

Each line is a step in a fresh folder: a function, its arguments, its keywords.
They run one after the other; the outcome stands after " => ". Arguments are
percent-encoded, '' is the empty one, and `dir_fd=x` opens the folder x.
An error is `!errno path path2` with the paths that it names.
"""

import os
import shutil
import stat
import sys
import tempfile
from urllib.parse import quote_from_bytes, unquote_to_bytes

STEPS = r"""
write f 0123456789
mkdir dir
write dir/x x
symlink f ln
symlink nope dangle
symlink dir dln
symlink loop loop

stat f
stat dir
stat ln
stat ln follow_symlinks=False
stat no
stat dangle
stat dangle follow_symlinks=False
stat loop
stat loop follow_symlinks=False
stat ''
stat a%00b
stat f/
stat f/x
stat x dir_fd=dir
stat ln dir_fd=.
stat ln dir_fd=. follow_symlinks=False
stat dangle dir_fd=.
stat no dir_fd=.
stat '' dir_fd=.
stat a%00b dir_fd=.
lstat ln
lstat dangle
lstat f
lstat no
lstat ln dir_fd=.
lstat a%00b

statvfs .
statvfs no
statvfs a%00b

access f 0
access f 4
access f 1
access no 0
access dangle 0
access dangle 0 follow_symlinks=False
access f 4 effective_ids=True
access f 64
access x 0 dir_fd=dir
access f 0 dir_fd=dir
access f/x 0
access '' 0
access a%00b 0

mkdir m1 mode=448
mode m1
mkdir m1
mkdir f
mkdir q/w
mkdir m2 dir_fd=dir
mode dir/m2
rmdir m2 dir_fd=dir
mkdir m3
mode m3
mkdir m4/
mkdir a%00b
mkdir ''

makedirs a/b/c mode=448
mode a
mode a/b
mode a/b/c
makedirs a/b/c
makedirs a/b/c exist_ok=True
makedirs a/b/c exist_ok=True mode=511
mode a/b/c
makedirs f exist_ok=True
makedirs f/x exist_ok=True
makedirs f/x/y exist_ok=True
makedirs t1/t2/
isdir t1/t2
makedirs t3/.
isdir t3
makedirs u1/../u2
isdir u1
isdir u2
makedirs dln exist_ok=True
makedirs dangle exist_ok=True
makedirs dangle/x
makedirs ''
makedirs .
makedirs . exist_ok=True
makedirs /
makedirs / exist_ok=True
makedirs a%00b

makedirs r1/r2/r3
removedirs r1/r2/r3
exists r1
makedirs r1/r2/r3
write r1/keep x
removedirs r1/r2/r3
listdir r1
removedirs r1
removedirs zz
makedirs r4/r5
removedirs r4/r5/
exists r4

write g g
rename g f
read f
rename f dir
rename dir f
mkdir e1
mkdir e2
rename e1 e2
rename e2 dir
rename no x
rename dangle dangle2
islink dangle2
rename dangle2 dangle
rename f f9 src_dir_fd=. dst_dir_fd=dir
read dir/f9
rename f9 f src_dir_fd=dir dst_dir_fd=.
rename f a%00b
replace no x
replace f dir
write g 0123456789
replace g f
read f
replace f x src_dir_fd=. dst_dir_fd=dir
replace x f src_dir_fd=dir
write dir/x x

renames f n1/n2/f
exists n1/n2/f
renames n1/n2/f f
exists n1
renames f f2
renames f2 f
renames no k1/k2/no
exists k1/k2
renames f f/x/y

remove dir
unlink dir
remove no
unlink no
symlink dir dl2
rmdir dl2
remove dl2
isdir dir
write dir/y y
remove y dir_fd=dir
unlink y dir_fd=dir
remove f/
remove a%00b
rmdir dir
rmdir f
rmdir no
rmdir a%00b

link f hl
nlink f
link f hl
link no hl2
link ln hl3
islink hl3
link ln hl4 follow_symlinks=False
islink hl4
link dir hl5
link f hl6 src_dir_fd=. dst_dir_fd=dir
samefile f dir/hl6
remove dir/hl6
symlink f ln
symlink dir sl target_is_directory=True
isdir sl
readlink ln
readlink f
readlink no
readlink dir
symlink ../x/./y rl
readlink rl
readlink ln dir_fd=.
symlink f sl3 dir_fd=dir
readlink sl3 dir_fd=dir
remove dir/sl3
symlink '' q9
symlink f no/q9
symlink f a%00b
symlink %ff%fe nonutf8
readlink nonutf8

listdir dir
listdir f
listdir no
listdir dln
listdir a%00b
mkdir names
write names/%ff%fe x
listdir names

scandir dir
scandir .
scandir f
scandir no
scandir a%00b
mkdir kinds
symlink ../f kinds/tofile
symlink .. kinds/todir
symlink nope kinds/tonothing
mkfifo kinds/fifo
scandir kinds
entry_stat kinds tofile
entry_stat kinds tonothing
entry_stat kinds tonothing follow_symlinks=False

getcwd

write in 0123456789
write out zzzzzzzzzzzzzzzzzzzz
sendfile out in 0 10
read out
sendfile out in None 4
sendfile out in 100 4
sendfile out in 0 0
sendfile out in 8 100
sendfile out+a in 0 1

chmod f 384
mode f
chmod no 384
chmod ln 420
mode f
chmod x 384 dir_fd=dir
mode dir/x
utime f 1000000000 2000000000
mtime f
utime no 0 0
utime f 1000000000 1234567890
mtime f
utime ln 1 2 follow_symlinks=False
mtime f
utime x 7 8 dir_fd=dir
mtime dir/x
chown f -1 -1
chown no -1 -1

exists f
exists dangle
exists loop
exists ''
exists a%00b
exists f/
exists no
lexists dangle
lexists loop
lexists no
lexists a%00b
isfile f
isfile dir
isfile ln
isfile dangle
isfile a%00b
isdir dir
isdir dln
isdir f
isdir no
isdir a%00b
islink ln
islink dangle
islink f
islink a%00b
islink dln/
ismount /
ismount dir
ismount no
ismount /proc
ismount f
symlink / root
ismount root
ismount root/
ismount a%00b
getsize f
getsize ln
getsize no
getsize dangle
getsize a%00b
getatime no
getmtime no
getmtime f
getctime no
samefile f ln
samefile f hl
samefile f dir
samefile f no
samefile dir dln/.
sameopenfile f f
sameopenfile f hl
sameopenfile f out

abspath ''
abspath .
abspath ..
abspath a/../b/./c//d/
abspath ../../../../../../../../../../x
abspath /
abspath //
abspath //x/y
abspath ///x/y
abspath /../../x
abspath /a/b/../../..
abspath ln
abspath %ff

realpath ''
realpath .
realpath f
realpath ln
realpath dln/x
realpath dln/..
realpath no/such/../x
realpath dangle
realpath dangle/x
realpath loop
realpath loop/x
realpath loop/../x
realpath f/x
symlink loopb loopa
symlink loopa loopb
realpath loopa
realpath loopa/a/b
realpath loop strict=True
realpath no strict=True
realpath ln strict=True
realpath dln/x strict=True
symlink <cwd>/dir abs
realpath abs/x
realpath abs/no

expanduser a
expanduser a/~
expanduser ~
expanduser ~/x
expanduser ~root
expanduser ~nosuchuser/x
expanduser ''
"""

CWD = None


class Done(str):
    """What is printed as it is."""


def enc(path):
    if path is None:
        return None
    raw = os.fsencode(path).replace(CWD, b"<cwd>").replace(os.path.dirname(CWD), b"<top>")
    return Done(quote_from_bytes(raw, safe="/<>~.") if raw else "''")


def dec(word):
    return b"" if word == "''" else unquote_to_bytes(word).replace(b"<cwd>", CWD)


def true(ask):
    """As is_file(), but false where it raises for a loop of links."""
    try:
        return ask()
    except OSError:
        return False


def describe(s):
    m = s.st_mode
    if stat.S_ISDIR(m):
        return Done("dir")
    return Done(f"{'link' if stat.S_ISLNK(m) else 'file'} {s.st_size}")


def entry(e):
    flags = [true(e.is_file), true(e.is_dir), e.is_symlink(), e.inode() == os.lstat(e.path).st_ino]
    return f"{enc(e.path)}:{''.join(str(int(x)) for x in flags)}"


def entry_stat(path, name, **kw):
    (found,) = [e for e in os.scandir(path) if os.fsencode(e.name) == name]
    return describe(found.stat(**kw))


def sendfile(out, inp, offset, count):
    flags = os.O_WRONLY | (os.O_APPEND if out.endswith(b"+a") else 0)
    o = os.open(out.removesuffix(b"+a"), flags)
    i = os.open(inp, os.O_RDONLY)
    offset = None if offset == b"None" else int(offset)
    n = os.sendfile(o, i, offset, int(count))
    return Done(f"{n} {os.lseek(i, 0, 1)}")


def show(value):
    if isinstance(value, Done):
        return value
    if isinstance(value, (str, bytes)):
        return enc(value)
    if isinstance(value, os.stat_result):
        return describe(value)
    return str(value)


def join(items):
    return Done(" ".join(sorted(items)) or "-")


P = os.path
FUNCTIONS = {
    # What both sides do to prepare and to look.
    "write": lambda p, data: open(p, "wb").write(data) and None,
    "read": lambda p: open(p, "rb").read(),
    "mode": lambda p: oct(os.lstat(p).st_mode & 0o7777)[2:],
    "nlink": lambda p: os.stat(p).st_nlink,
    "mtime": lambda p: int(os.stat(p).st_mtime),
    "mkfifo": os.mkfifo,
    # What is compared.
    "listdir": lambda p: join(map(enc, os.listdir(p))),
    "scandir": lambda p: join(map(entry, os.scandir(p))),
    "entry_stat": entry_stat,
    "statvfs": lambda p: (lambda v: Done(f"{v.f_bsize > 0} {v.f_namemax}"))(os.statvfs(p)),
    "access": lambda p, m, **kw: os.access(p, int(m), **kw),
    "sendfile": sendfile,
    "chmod": lambda p, m, **kw: os.chmod(p, int(m), **kw),
    "chown": lambda p, u, g, **kw: os.chown(p, int(u), int(g), **kw),
    "utime": lambda p, a, m, **kw: os.utime(p, (int(a), int(m)), **kw),
    "getatime": lambda p: P.getatime(p) > 0,
    "getmtime": lambda p: int(P.getmtime(p)),
    "getctime": lambda p: P.getctime(p) > 0,
    "sameopenfile": lambda a, b: P.sameopenfile(os.open(a, 0), os.open(b, 0)),
}


def run(line):
    name, *words = line.split()
    args = [w for w in words if "=" not in w]
    kw = dict(w.split("=") for w in words if "=" in w)
    for key, value in kw.items():
        if key.endswith("dir_fd"):
            kw[key] = os.open(value, os.O_RDONLY)
        else:
            kw[key] = int(value) if value.isdigit() else value == "True"
    function = FUNCTIONS.get(name) or getattr(os, name, None) or getattr(P, name)
    try:
        return show(function(*map(dec, args), **kw))
    except ValueError:
        return "!InvalidInput"
    except OSError as e:
        names = [enc(n) for n in (e.filename, e.filename2) if n is not None]
        return " ".join([f"!{e.errno}", *names])


def main():
    global CWD
    top = os.path.realpath(tempfile.mkdtemp())
    root = os.path.join(top, "root")
    os.mkdir(root)
    CWD = os.fsencode(root)
    os.umask(0o022)
    os.chdir(root)
    os.environ["HOME"] = "/home/somebody"
    print(f"# Python {sys.version.split()[0]} on {sys.platform}; made by os.py")
    for line in STEPS.splitlines():
        if line.strip():
            print(f"{line} => {run(line)}")
    os.chdir("/")
    shutil.rmtree(top)


main()
