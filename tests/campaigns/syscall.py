"""A call to the system fails, once or from then on: is anything lost, done twice, or taken for done?

    python -m tests.campaigns.syscall [--runs N] [--seed S] [--workers N] [--only CASE] [--resume FILE] [--json]

One run of an exchange (`crash_scenes`), with mailboxes over a real sshd or in folders, meets one fault:

    random/N                          drawn from the seed
    call/BOX/SCENE/CALL/ERROR/WHEN    a call is answered with an error (strace): the third of a thread (3), all from
                                      the third on (3+), the third to the fifth (3..5)
    limit/BOX/SCENE/OCTETS            files grow so far and no farther: a write is done in part, the next is refused
    short/BOX/SCENE/SEED              every write of the gateway's own, and all that is sent, is done in part

BOX is sftp, pulled (the receiver, too, comes over SFTP) or folder. What is drawn is a call that the run makes upon a
file of the exchange or a socket, and an error that such a call can give. The run may end as it likes, if it says so:
with no status of a defect, no traceback, no signal, and in time. Afterwards the fault is gone, cron comes round, and on
the same day, without any repeat that waits for a deadline, everything must be as if nothing had been.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

from tests.campaigns.crash_scenes import SCENES
from tests.campaigns.mailbox_base import Options, Verdict, World, dice, main, settled
from tests.campaigns.planted import PLANTS, planting
from tests.tools import partly
from tests.tools.offices import Ran
from tests.tools.strace import injected, recorded

_FULL = ("ENOSPC", "EDQUOT", "EIO")
_CUT = ("ECONNRESET", "EPIPE", "ETIMEDOUT")
FILES = {
    "openat": (*_FULL, "EMFILE", "EINTR"), "read": ("EIO", "EINTR"), "pread64": ("EIO", "EINTR"),
    "write": (*_FULL, "EINTR"), "writev": _FULL, "pwrite64": (*_FULL, "EINTR"), "fsync": _FULL, "fdatasync": _FULL,
    "ftruncate": _FULL, "rename": _FULL, "renameat": _FULL, "renameat2": _FULL,
    "mkdir": (*_FULL, "EMLINK"), "unlink": ("EIO", "EROFS"),
    "unlinkat": ("EIO", "EROFS"), "getdents64": ("EIO",), "newfstatat": ("EIO",), "fstat": ("EIO",),
    "fchmod": ("EIO", "EPERM"), "flock": ("ENOLCK", "EINTR"), "fcntl": ("ENOLCK", "EIO"), "statfs": ("EIO",),
    "chmod": ("EIO",)}
"""Calls upon files, and what they can be answered with."""

SOCKETS = {
    "socket": ("EMFILE", "ENOBUFS"), "connect": ("ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "EINTR"),
    "sendto": _CUT, "sendmsg": _CUT, "recvfrom": _CUT, "recvmsg": _CUT, "poll": ("EINTR", "ENOMEM"),
    "getpeername": ("ENOTCONN",), "setsockopt": ("EINVAL",)}
"""Calls upon sockets, likewise. What has no descriptor is taken as it comes."""

BOXES = ("sftp", "pulled", "folder")
OVER_SFTP = "-over-sftp"
"""Ending of scenes that have no sense with mailboxes in folders."""

DEFECTS = (70, 99)
"""Statuses that no fault of the machine may lead to: a defect of the gateway, or of this campaign."""

_SECONDS = 90.0
_GROWN = 1 << 19
"""Octets that no file of an exchange grows beyond."""


class Worlds(World):
    """Two administrations three times over: mailboxes over SFTP, read over SFTP, and in folders."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, sftp=True)
        self.found: dict[tuple[str, str], dict[str, list[int]]] = {}
        self._others: dict[str, World] = {}

    def box(self, name: str) -> World:
        """One of them; made when it is first wanted."""
        if name == "sftp":
            return self
        if name not in self._others:
            folder = self.folder / name
            folder.mkdir(mode=0o700)
            self._others[name] = World(folder, sftp=name == "pulled", pull=name == "pulled", forks=self.forks)
        return self._others[name]

    def calls(self, box: str, scene: str) -> dict[str, list[int]]:
        """Which calls a run makes upon what the exchange is about: name -> ordinals, counted for each thread."""
        if (box, scene) not in self.found:
            world = self.box(box)
            world.setups = SCENES[scene].setups
            SCENES[scene].set(world)
            ran, calls = recorded(SCENES[scene].prepare(world), world.folder / "calls", (*FILES, *SOCKETS))
            if ran.exit not in (0, 1):
                raise RuntimeError(f"{scene} does not run of itself: exit {ran.exit} {ran.err}")
            ordinals: dict[str, set[int]] = {}
            for call in calls:
                if _ours(call.name, call.about(), os.fspath(world.folder)):
                    ordinals.setdefault(call.name, set()).add(call.ordinal)
            self.found[box, scene] = {name: sorted(some) for name, some in sorted(ordinals.items())}
        return self.found[box, scene]

    def close(self) -> None:
        """End servers."""
        for world in self._others.values():
            world.close()
        super().close()


def plan(world: World, options: Options) -> Iterator[str]:
    """As many random cases as were asked for; or the one that is named in full."""
    if options.only.partition("/")[0] in ("call", "limit", "short"):
        yield options.only
        return
    for number in range(options.runs):
        yield f"random/{number}"


def attempt(world: World, case: str, options: Options) -> Verdict:
    """Let one run meet a fault, and judge what is there on the same day."""
    assert isinstance(world, Worlds)
    named = _drawn(world, dice(options.seed, case)) if case.startswith("random/") else case
    kind, box, scene, *rest = named.split("/")
    here = world.box(box)
    usual = (*planting(options.plant), *SCENES[scene].setups)
    here.setups = usual
    SCENES[scene].set(here)
    ended: list[str] = []
    try:
        if kind == "call":
            name, error, when = rest
            ran = injected(SCENES[scene].prepare(here), here.folder, name, error, when, _SECONDS)
        else:
            here.setups = (*here.setups, (f"{partly.__name__}:{kind}", [int(rest[0])]))
            running = SCENES[scene].prepare(here)
            running.go()
            ran = running.wait(_SECONDS)
    except TimeoutError as hanging:
        ended.append(str(hanging))
    else:
        ended.extend(_said_wrong(ran))
    here.setups = usual
    verdict = settled(here, options)
    verdict.broken.extend(ended)
    if not verdict.good:
        verdict.broken.append(f"it was {named}")
    return verdict


def _drawn(world: Worlds, drawn: random.Random) -> str:
    """A fault by its full name."""
    box, scene, share = drawn.choice(BOXES), drawn.choice([*SCENES]), drawn.random()
    if box == "folder" and scene.endswith(OVER_SFTP):
        box = "sftp"
    if share < 0.06:
        return f"limit/{box}/{scene}/{drawn.randrange(_GROWN)}"
    if share < 0.12:
        return f"short/{box}/{scene}/{drawn.randrange(1 << 30)}"
    calls = world.calls(box, scene)
    name = drawn.choice([*calls])
    ordinals = calls[name]
    first = ordinals[int(drawn.random() * len(ordinals))]
    error = drawn.choice((FILES | SOCKETS)[name])
    lasting = drawn.choice(("", "", "+", f"..{first + drawn.randint(1, 5)}"))
    if error == "EINTR" and lasting == "+":  # who is interrupted tries again
        lasting = ""
    return f"call/{box}/{scene}/{name}/{error}/{first}{lasting}"


def _ours(name: str, about: str, folder: str) -> bool:
    """Is a call upon a file of the exchange, or a socket?"""
    if name in SOCKETS and (not about or not about.startswith("/")):
        return True
    return about.startswith((f"{folder}/", "socket:", "TCP:"))


def _said_wrong(ran: Ran) -> list[str]:
    if ran.exit < 0 or ran.exit in DEFECTS or "Traceback" in ran.err:
        return [f"exit {ran.exit}: {ran.err.strip()[-1500:]}"]
    return []


def make(folder: Path) -> World:
    """Two administrations, over SFTP and in folders."""
    return Worlds(folder)


if __name__ == "__main__":
    raise SystemExit(main("syscall", __doc__, make, plan, attempt, plants=PLANTS))
