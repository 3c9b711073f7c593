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

    inbox   the dialect in which its national side wants declarations
    outbox  patterns of the files of its national side, and their dialects; none: those of a gateway of the tests
    """

    gateway: str
    country: str
    zone: str
    inbox: str
    name: tuple[str, str]
    outbox: tuple[tuple[str, str], ...] = ()


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
SENEGAL = Participant(gateway="SNDGD", country="SN", zone="Africa/Dakar", inbox="sndgd/gainde-csv",
                      name=("Direction générale des douanes du Sénégal", "Senegal customs"),
                      outbox=(("*.csv", "sndgd/gainde-csv"), ("*.json", "neutral/json")))
IVORY_COAST = Participant(gateway="CIDGD", country="CI", zone="Africa/Abidjan", inbox="cidgd/sydam",
                          name=("Direction générale des douanes de Côte d'Ivoire", "Côte d'Ivoire customs"),
                          outbox=(("*.xml", "cidgd/sydam"), ("*.json", "neutral/json")))
GUINEA = Participant(gateway="GNDGD", country="GN", zone="Africa/Conakry", inbox="gndgd/asycuda",
                     name=("Direction générale des douanes de Guinée", "Guinea customs"),
                     outbox=(("*.xml", "gndgd/asycuda"), ("*-t1.csv", "gndgd/asycuda"), ("*.json", "neutral/json")))


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


def _road(folder: str, departure: Participant, destination: Participant, day: int, mrn: str,
          declaration: tuple[str, ...], rejected: str, offices: tuple[str, str, str]) -> Scenario:
    """A declaration that is accepted, goes its way and is discharged, and one that breaks a rule of the corridor.

    offices  of exit, of entry and of destination; the files of their events are named after them
    """
    leaving, entering, last = offices

    def at(days: int, hour: int, minute: int) -> datetime:
        return _utc(11, day + days, hour, minute)

    def event(number: int, name: str, gateway: str, when: datetime, file: str) -> Step:
        return Step(name=f"{number:02d}-{name}", gateway=gateway, at=when, kind="events", files=(file,), about=mrn)

    def declared(number: int, when: datetime, *files: str) -> Step:
        return Step(name=f"{number:02d}-declaration", gateway=departure.gateway, at=when, kind="declarations",
                    files=files)

    return Scenario(
        folder=f"corridors/{folder}", participants=(departure, destination), shown=rejected,
        steps=(declared(1, at(0, 14, 15), *declaration), declared(2, at(0, 16, 45), "declaration-2.json"),
               event(3, f"exit-{leaving}", departure.gateway, at(2, 9, 35), f"1-sortie-{leaving}.json"),
               event(4, f"entry-{entering}", destination.gateway, at(2, 10, 50), f"1-entree-{entering}.json"),
               event(5, f"arrival-{last}", destination.gateway, at(4, 15, 15), f"2-arrivee-{last}.json"),
               event(6, f"control-{last}", destination.gateway, at(5, 8, 45), f"3-controle-{last}.json"),
               event(7, f"discharge-{last}", destination.gateway, at(5, 11, 10), f"4-apurement-{last}.json")))


DAKAR = _road("sn-ml", SENEGAL, MALI, 17, "26SNDAKS0000310770", ("declaration-1.csv",), "26SNDAKG0000000017",
              ("SNKDR", "MLDBL", "MLBKO"))
ABIDJAN_BAMAKO = _road("ci-ml", IVORY_COAST, MALI, 18, "26CIABDC0000077196", ("declaration-1.xml",),
                       "26CIABDG0000000014", ("CIPGO", "MLZGA", "MLBKO"))
ABIDJAN_OUAGADOUGOU = _road("ci-bf", IVORY_COAST, BURKINA, 19, "26CIABDC0000079029", ("declaration-1.xml",),
                            "26CIABDG0000000014", ("CILRB", "BFNGK", "BFOUI"))
CONAKRY = _road("gn-ml", GUINEA, MALI, 20, "26GNCNKG0000022066", ("declaration-1.xml", "declaration-1-t1.csv"),
                "26GNCNKG0000000011", ("GNKML", "MLKML", "MLBKO"))

ALL = (STORY, OUAGADOUGOU, NIAMEY, DAKAR, ABIDJAN_BAMAKO, ABIDJAN_OUAGADOUGOU, CONAKRY)
