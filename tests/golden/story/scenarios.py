"""Who says what, when: the story of three declarations to Bamako, and one day of each other corridor.

All moments are UTC, minutes after what the national files themselves say happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

SAMPLES = Path(__file__).parents[3] / "samples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """One gateway.

    inbox  the dialect in which its national side wants declarations
    """

    gateway: str
    country: str
    zone: str
    inbox: str
    name: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that an administration says, and everybody's answers to it.

    name   folder of what it gives
    at     when its gateway runs; the others run five minutes later, and so on, until all is answered
    files  of its national side, below the folder of the scenario; ``{mrn}`` in an event is `about`
    about  MRN that the event files speak of
    """

    name: str
    gateway: str
    at: datetime
    kind: str
    files: tuple[str, ...]
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A story.

    folder     below `samples/`: inputs stand in one folder per administration, what they give in ``steps``
    shown      MRN of the declaration that is rejected: what `edi show` prints of it at its departure is kept too
    """

    folder: str
    participants: tuple[Participant, ...]
    steps: tuple[Step, ...]
    shown: str

    @property
    def path(self) -> Path:
        """Where it stands."""
        return SAMPLES / self.folder


TOGO = Participant(gateway="TGOTR", country="TG", zone="Africa/Lome", inbox="tgotr/asycuda",
                   name=("Office togolais des recettes", "Togo revenue authority"))
BURKINA = Participant(gateway="BFDGD", country="BF", zone="Africa/Ouagadougou", inbox="bfdgd/asycuda",
                      name=("Direction générale des douanes du Burkina Faso", "Burkina Faso customs"))
MALI = Participant(gateway="MLDGD", country="ML", zone="Africa/Bamako", inbox="mldgd/asycuda",
                   name=("Direction générale des douanes du Mali", "Mali customs"))
NIGER = Participant(gateway="NEDGD", country="NE", zone="Africa/Niamey", inbox="neutral/json",
                    name=("Direction générale des douanes du Niger", "Niger customs"))


def _declared(number: int, at: datetime, *files: str) -> Step:
    return Step(name=f"{number:02d}-declaration", gateway="TGOTR", at=at, kind="declarations", files=files)


def _event(number: int, name: str, gateway: str, at: datetime, file: str) -> Step:
    return Step(name=f"{number:02d}-{name}", gateway=gateway, at=at, kind="events", files=(file,),
                about="26TGLPLT0000204177")


def _utc(month: int, day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


STORY = Scenario(
    folder="story", participants=(TOGO, BURKINA, MALI), shown="26TGLPLG0000000022",
    steps=(
        _declared(1, _utc(11, 9, 15, 35), "declaration-1.xml", "declaration-1-t1.csv"),
        _event(2, "exit-TGCKS", "TGOTR", _utc(11, 10, 14, 25), "1-sortie-TGCKS.json"),
        _event(3, "entry-BFCKS", "BFDGD", _utc(11, 10, 15, 10), "1-entree-BFCKS.json"),
        _declared(4, _utc(11, 10, 17, 25), "declaration-2.csv"),
        _declared(5, _utc(11, 11, 16, 50), "declaration-3.json"),
        _event(6, "exit-BFFRM", "BFDGD", _utc(11, 12, 9, 45), "2-sortie-BFFRM.json"),
        _event(7, "entry-MLKRY", "MLDGD", _utc(11, 12, 10, 35), "1-entree-MLKRY.json"),
        _event(8, "arrival-MLBKO", "MLDGD", _utc(11, 14, 16, 20), "2-arrivee-MLBKO.json"),
        _event(9, "control-MLBKO", "MLDGD", _utc(11, 16, 9, 5), "3-controle-MLBKO.json"),
        _event(10, "discharge-MLBKO", "MLDGD", _utc(11, 16, 11, 35), "4-apurement-MLBKO.json"),
    ))

OUAGADOUGOU = Scenario(
    folder="corridors/tg-bf", participants=(TOGO, BURKINA), shown="26TGLPLG0000000022",
    steps=(_declared(1, _utc(11, 6, 14, 15), "declaration-1.json"),
           _declared(2, _utc(11, 6, 16, 45), "declaration-2.json")))

NIAMEY = Scenario(
    folder="corridors/tg-ne", participants=(TOGO, BURKINA, NIGER), shown="26TGLPLG0000000014",
    steps=(_declared(1, _utc(3, 10, 10, 20), "declaration-1.xml", "declaration-1-t1.csv"),
           _declared(2, _utc(3, 10, 15, 25), "declaration-2.json")))

ALL = (STORY, OUAGADOUGOU, NIAMEY)
