"""What a disk can hold after the power went: everything that was flushed, and of the rest whatever it likes.

    disk = Disk(roots)                       as it stands: all of it is taken to be on the disk
    steps = disk.steps(calls)                what a program changed (`tests.tools.strace.recorded`)
    tree = after_cut(disk, steps[:100], Loss("some"), dice)
    write_tree(tree, roots)

POSIX promises no more than this, and the model allows everything else:
- Contents are there once the file was flushed (fsync, fdatasync). Before, each 512 octets of each write may be there or
  not, in any order; the size may have grown where the octets have not come, and what lies between is zeros.
- Names made and removed are there once the folder was flushed; before, each may be there or not, in any order.
- A rename is one step, as every journal makes it: while nothing is flushed it has happened or not. When the folder it
  leads to was flushed, and the one it comes from was not, the old name may still be there beside the new one.
"""

from __future__ import annotations

import dataclasses
import os
import random
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.tools.strace import Call

SECTOR = 512
MEMORY = "-shm"
"""Ending of files that are memory: SQLite maps them, and makes them anew when nobody has them open."""

_NAMES = {"rename": (0, 1, None, None), "renameat": (1, 3, 0, 2), "renameat2": (1, 3, 0, 2)}
_UNKNOWN = frozenset({"link", "linkat", "symlink", "symlinkat", "mknod", "mknodat", "truncate", "fallocate",
                      "copy_file_range", "sendfile", "splice", "pwritev", "pwritev2", "openat2", "creat", "chmod",
                      "fchmodat", "sync_file_range", "msync"})
"""Changes that the gateway does not make so; were it to, the model would have to learn them first."""


@dataclass(frozen=True, slots=True)
class Node:
    """A file, or with content None a folder. number: one that names share which stand for the same file."""

    content: bytes | None
    mode: int
    changed: float = 0.0
    number: int = -1


@dataclass(frozen=True, slots=True)
class Step:
    """One change.

    kind  make, folder, move, remove: of a name; write, size: of a content; flush: of a file; settle: of a folder
    path  the name that comes or goes; where it goes to, of a move
    old   where a move comes from
    node  number of the file
    at    offset, or the new size
    """

    kind: str
    path: str = ""
    old: str = ""
    node: int = -1
    at: int = 0
    content: bytes = b""
    mode: int = 0o600


Tree = dict[str, Node]
"""Everything below the roots, by path; the roots themselves are always there."""


class Disk:
    """Some folders as they stand, all of it taken to be on the disk. roots: name -> folder, none inside another."""

    def __init__(self, roots: Mapping[str, Path]) -> None:
        self.roots = {name: os.fspath(path) for name, path in roots.items()}
        self.nodes: list[Node] = []
        self.names: dict[str, int] = {}
        for path, node in read_tree(roots).items():
            self.names[path] = len(self.nodes)
            self.nodes.append(node)
        self._now = dict(self.names)
        self._sizes = {number: len(node.content or b"") for number, node in enumerate(self.nodes)}
        self._made = len(self.nodes)
        self._folders = {path for path, number in self.names.items() if self.nodes[number].content is None}
        self._folders.update(self.roots.values())

    def root_of(self, path: str) -> str | None:
        """The name of the root that a path is below of, or is; None for anywhere else."""
        return next((name for name, root in self.roots.items() if path == root or path.startswith(f"{root}/")), None)

    def steps(self, calls: Sequence[Call]) -> list[Step]:
        """What one process changed below the roots; several processes one after the other.

        Raises ValueError for a call that the model does not know.
        """
        return list(_Reader(self).steps(calls))

    def _new(self) -> int:
        self._made += 1
        return self._made - 1


@dataclass(slots=True)
class _Handle:
    """An open file: its number, or a folder's path; where it is read and written; whether at its end always."""

    node: int
    folder: str = ""
    at: int = 0
    append: bool = False


class _Reader:
    """The calls of one process as steps: knows what each of its descriptors stands for."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._open: dict[str, _Handle] = {}

    def steps(self, calls: Sequence[Call]) -> Iterator[Step]:
        for call in calls:
            if call.error or call.result < 0:
                continue
            if call.name in ("open", "openat"):
                yield from self._opened(call)
            elif call.name in _NAMES:
                yield from self._renamed(call)
            elif call.name in ("unlink", "unlinkat", "rmdir"):
                yield from self._removed(call)
            elif call.name in ("mkdir", "mkdirat"):
                yield from self._made(call)
            elif call.name in ("sync", "syncfs"):
                raise ValueError(f"{call.name} flushes more than the model knows of")
            else:
                yield from self._written(call)

    def _opened(self, call: Call) -> Iterator[Step]:
        at = call.name == "openat"
        path = _normal(call.path(int(at), 0 if at else None))
        flags = call.words[1 + at].split("|")
        self._open.pop(str(call.result), None)
        if self._disk.root_of(path) is None or path.endswith(MEMORY):
            return
        node = self._disk._now.get(path)
        if path in self._disk._folders:
            self._open[str(call.result)] = _Handle(-1, path)
            return
        if node is None:
            node = self._disk._now[path] = self._disk._new()
            self._disk._sizes[node] = 0
            yield Step("make", path, node=node, mode=int(call.words[2 + at], 8) & ~0o077)
        elif "O_TRUNC" in flags:
            self._disk._sizes[node] = 0
            yield Step("size", node=node)
        self._open[str(call.result)] = _Handle(node, append="O_APPEND" in flags)

    def _renamed(self, call: Call) -> Iterator[Step]:
        old, new, old_folder, new_folder = _NAMES[call.name]
        source, target = _normal(call.path(old, old_folder)), _normal(call.path(new, new_folder))
        node = self._disk._now.pop(source, None)
        if node is None or self._disk.root_of(target) is None:
            if self._disk.root_of(source) or self._disk.root_of(target):
                raise ValueError(f"a rename that the model does not know: {source} to {target}")
            return
        self._disk._now[target] = node
        yield Step("move", target, source, node)

    def _removed(self, call: Call) -> Iterator[Step]:
        at = call.name == "unlinkat"
        path = _normal(call.path(int(at), 0 if at else None))
        node = self._disk._now.pop(path, None)
        if node is not None:
            yield Step("remove", path, node=node)

    def _made(self, call: Call) -> Iterator[Step]:
        at = call.name == "mkdirat"
        path = _normal(call.path(int(at), 0 if at else None))
        if self._disk.root_of(path) is not None:
            self._disk._now[path] = self._disk._new()
            self._disk._folders.add(path)
            yield Step("folder", path, node=self._disk._now[path], mode=0o700)

    def _written(self, call: Call) -> Iterator[Step]:
        """What is done to a descriptor; one that is no file of ours changes nothing."""
        number, path = call.handle()
        known = self._open.get(number)
        if path and (self._disk.root_of(path) is None or path.endswith(MEMORY)):
            return
        if not path and known is None:  # of another folder, and removed while it was open
            return
        if call.name in _UNKNOWN:
            raise ValueError(f"a change that the model does not know: {call.name} of {path}")
        if known is None:
            raise ValueError(f"{call.name} of {path}, which nobody opened")
        if call.name == "lseek":
            known.at = call.result
        elif call.name in ("fsync", "fdatasync"):
            yield Step("settle", known.folder) if known.folder else Step("flush", node=known.node)
        elif call.name == "ftruncate":
            self._disk._sizes[known.node] = int(call.words[1])
            yield Step("size", node=known.node, at=int(call.words[1]))
        elif call.name in ("write", "writev", "pwrite64"):
            content = call.texts()[:call.result]
            at = int(call.words[3]) if call.name == "pwrite64" else \
                self._disk._sizes[known.node] if known.append else known.at
            if call.name != "pwrite64":
                known.at = at + len(content)
            self._disk._sizes[known.node] = max(self._disk._sizes[known.node], at + len(content))
            yield Step("write", node=known.node, at=at, content=content)


@dataclass(frozen=True, slots=True)
class Loss:
    """What becomes of what was not flushed.

    kind   everything: all of it is lost; nothing: none of it is
           contents: names and sizes are there, and zeros in the place of what was written
           names: what was written is there, and no name was made, moved or removed
           late: what came after some instant is lost
           some: each name and each sector is lost or not
    roots  where the power went; elsewhere nothing is lost. Everywhere when empty
    """

    kind: str
    roots: frozenset[str] = frozenset()


KINDS = ("everything", "contents", "names", "late", "some")


@dataclass(slots=True)
class _File:
    """A file whose content is not all on the disk. waiting: steps, each with its place among all."""

    content: bytearray
    mode: int
    changed: float = 0.0
    waiting: list[tuple[int, Step]] = field(default_factory=list)


def after_cut(disk: Disk, steps: Sequence[Step], loss: Loss, drawn: random.Random) -> Tree:
    """What stands below the roots when the power goes after some steps."""
    files = {number: _File(bytearray(node.content or b""), node.mode, node.changed)
             for number, node in enumerate(disk.nodes)}
    folders = {number for number, node in enumerate(disk.nodes) if node.content is None}
    names, waiting, homes = dict(disk.names), list[tuple[int, Step]](), dict[int, str | None]()
    homes.update((node, disk.root_of(path)) for path, node in names.items())
    for place, step in enumerate(steps):
        if step.kind == "flush":
            for _, one in files[step.node].waiting:
                _change(files[step.node].content, one)
            files[step.node].waiting.clear()
        elif step.kind == "settle":
            waiting = list(_settled(names, waiting, step.path))
        elif step.kind in ("write", "size"):
            file = files[step.node]
            if loss.roots and homes[step.node] not in loss.roots:
                _change(file.content, step)
            else:
                file.waiting.append((place, step))
        else:
            if step.kind in ("make", "folder"):
                files[step.node] = _File(bytearray(), step.mode)
                folders.update([step.node] if step.kind == "folder" else [])
                homes[step.node] = disk.root_of(step.path)
            if loss.roots and disk.root_of(step.path) not in loss.roots:
                _name(names, step)
            else:
                waiting.append((place, step))

    last = drawn.randint(0, len(steps)) if loss.kind == "late" else 0
    for place, step in waiting:
        if loss.kind in ("contents", "nothing") or (loss.kind == "late" and place < last) or (
                loss.kind == "some" and drawn.random() < 0.5):
            _name(names, step)
    for file in files.values():
        _lose(file, loss.kind, last, drawn)
    nodes = {number: Node(None if number in folders else bytes(file.content), file.mode, file.changed, number)
             for number, file in files.items()}
    return {path: nodes[number] for path, number in sorted(names.items()) if _reachable(disk, names, folders, path)}


def read_tree(roots: Mapping[str, Path]) -> Tree:
    """What stands below some folders; what is memory is left out. Raises ValueError for what is no file or folder."""
    found: Tree = {}
    for root in roots.values():
        for path in sorted(root.rglob("*")):
            status = path.lstat()
            if not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
                raise ValueError(f"{path} is neither a file nor a folder")
            if not path.name.endswith(MEMORY):
                found[os.fspath(path)] = Node(None if path.is_dir() else path.read_bytes(),
                                              stat.S_IMODE(status.st_mode), status.st_mtime)
    return found


def write_tree(tree: Tree, roots: Iterable[Path]) -> None:
    """Let exactly this stand below some folders, which are emptied before."""
    for root in roots:
        for path in sorted(root.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
    written: dict[int, Path] = {}
    for name, node in sorted(tree.items()):
        path = Path(name)
        if node.content is None:
            path.mkdir()
            path.chmod(node.mode)
        elif node.number in written:
            path.hardlink_to(written[node.number])
        else:
            if node.number >= 0:
                written[node.number] = path
            path.write_bytes(node.content)
            path.chmod(node.mode)
            if node.changed:
                os.utime(path, (node.changed, node.changed))


def _settled(names: dict[str, int], waiting: Sequence[tuple[int, Step]], folder: str) -> Iterator[tuple[int, Step]]:
    """Bring what happened to the names of a folder to the disk; gives what still waits."""
    for place, step in waiting:
        if _parent(step.path) != folder and (step.kind != "move" or _parent(step.old) != folder):
            yield place, step
        elif step.kind == "move" and _parent(step.old) != folder:
            names[step.path] = step.node
            yield place, dataclasses.replace(step, kind="remove", path=step.old, old="")
        else:
            _name(names, step)


def _name(names: dict[str, int], step: Step) -> None:
    if step.kind == "remove":
        if names.get(step.path) == step.node:
            del names[step.path]
        return
    if step.kind == "move" and names.get(step.old) == step.node:
        del names[step.old]
    names[step.path] = step.node


def _lose(file: _File, kind: str, last: int, drawn: random.Random) -> None:
    """Let come to the disk what comes of what was not flushed."""
    for place, step in file.waiting:
        if kind in ("names", "nothing") or (kind == "late" and place < last):
            _change(file.content, step)
        elif kind == "contents":
            _change(file.content, step if step.kind == "size" else
                    Step("size", at=max(len(file.content), step.at + len(step.content))))
        elif kind == "some":
            for one in [step] if step.kind == "size" else _sectors(step):
                if drawn.random() < 0.5:
                    _change(file.content, one)
    file.waiting.clear()


def _sectors(step: Step) -> Iterator[Step]:
    start = 0
    while start < len(step.content):
        end = start + SECTOR - (step.at + start) % SECTOR
        yield dataclasses.replace(step, at=step.at + start, content=step.content[start:end])
        start = end


def _change(content: bytearray, step: Step) -> None:
    end = step.at + len(step.content)
    if len(content) < (step.at if step.kind == "size" else end):
        content.extend(bytes((step.at if step.kind == "size" else end) - len(content)))
    if step.kind == "size":
        del content[step.at:]
    else:
        content[step.at:end] = step.content


def _reachable(disk: Disk, names: Mapping[str, int], folders: set[int], path: str) -> bool:
    above = _parent(path)
    while above not in disk.roots.values():
        if names.get(above) not in folders:
            return False
        above = _parent(above)
    return True


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _normal(path: str) -> str:
    return os.path.normpath(path)
