"""From the file that people write to the reference data that travels."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from gateway.config.reference import ReferenceFile
from gateway.config.validation import load_model
from gateway.errors import LocalError
from gateway.findings import Finding, Place
from gateway.transit.reference_data import Code, Holiday, Office, Outage, ReferenceData
from gateway.transit.reference_text import Unreadable, normal, write_reference


def load_reference(path: Path) -> ReferenceData:
    """The reference data of a file.

    Raises LocalError S... for a file that is not as it must be, X230 for a row that could not travel.
    """
    data = _data(load_model(path, ReferenceFile))
    try:
        write_reference(data)
    except Unreadable as error:
        raise LocalError(Finding(code="X230", place=Place(file=str(path)), values={"row": error.row or "-"})) from None
    return data


def _data(file: ReferenceFile) -> ReferenceData:
    return normal(ReferenceData(
        version=file.version, starts=file.from_, zone=file.zone,
        offices=tuple(Office(code=code, name=one.name, roles=tuple(one.roles), aliases=one.aliases,
                             zone=None if one.zone == file.zone else one.zone, hours=one.hours.days())
                      for code, one in file.offices.items()),
        holidays=tuple(Holiday(day=one.day, name=one.name, offices=one.offices) for one in file.holidays),
        outages=tuple(Outage(starts=one.starts, ends=one.ends, text=one.reason, offices=one.offices)
                      for one in file.downtimes),
        codes=tuple(Code(listed=listed, code=code, text=text) for listed, codes in file.codes.items()
                    for code, text in codes.items())))


def changed_rows(old: ReferenceData, new: ReferenceData) -> tuple[list[str], list[str]]:
    """The rows that one version has and the other has not: gone, come. Version and start are left out."""
    before, after = (_rows(one) for one in (old, new))
    return [row for row in before if row not in set(after)], [row for row in after if row not in set(before)]


def _rows(data: ReferenceData) -> list[str]:
    same = replace(data, version=1)
    return write_reference(same).decode("ascii").splitlines()[3:]
