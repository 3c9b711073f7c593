"""Tell a story with real gateways and gather what it gives, as the files of ``samples/<story>/steps``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from gateway.exchange.assembly import open_gateway
from gateway.mapping.dialect import load_dialect
from gateway.reports import status
from tests.golden.story.offices import Office, open_offices
from tests.golden.story.readable import readable
from tests.golden.story.scenarios import SAMPLES, Scenario, Step

Files = dict[str, bytes]
"""Path below the folder of the scenario -> content."""

PAUSE = timedelta(minutes=5)
ROUNDS = 3
"""Runs of everybody after a step: what was sent is judged, the answers are taken, and their CONTRL too."""

STATES = "steps/states.csv"
_HEADINGS = "step;gateway;mrn;role;state;flags;next;who\n"


@cache
def tell(scenario: Scenario) -> Files:
    """Everything that a story gives. Told once in a process."""
    with tempfile.TemporaryDirectory() as folder:
        return _Teller(scenario, Path(folder), {}).told()


def tell_on(scenario: Scenario, ledgers: Mapping[str, str]) -> Files:
    """The same, with ledgers elsewhere: gateway -> address."""
    with tempfile.TemporaryDirectory() as folder:
        return _Teller(scenario, Path(folder), ledgers).told()


class _Teller:
    def __init__(self, scenario: Scenario, root: Path, ledgers: Mapping[str, str]) -> None:
        self._scenario = scenario
        self._offices = open_offices(root, scenario.participants, scenario.steps[0].at - timedelta(days=1),
                                     ledgers=ledgers)
        self._seen: dict[str, int] = dict.fromkeys((office.name for office in self._offices), 0)
        self._inboxes: dict[str, Files] = {office.name: {} for office in self._offices}
        self._files: Files = {}

    def told(self) -> Files:
        """Walk through the steps."""
        states = _HEADINGS
        for step in self._scenario.steps:
            self._take(step)
            states += "".join(self._states(step))
        self._files[STATES] = states.encode()
        departure = self._offices[0]
        for language in ("fr", "en"):
            printed = departure.shown(self._scenario.shown, language)
            told, _, _ = printed.rpartition(b"\n\n")  # the history comes last; it names sealed files, new every time
            self._files[f"steps/show-{self._scenario.shown}.{language}.txt"] = told + b"\n"
        return self._files

    def _take(self, step: Step) -> None:
        speaker = next(office for office in self._offices if office.name == step.gateway)
        for name in step.files:
            content = (self._scenario.path / step.gateway.lower() / name).read_bytes()
            speaker.drop(step.kind, name, content.replace(b"{mrn}", step.about.encode()))
        sent: list[tuple[str, bytes]] = []
        self._run(speaker, step.at, sent)
        for round_ in range(1, ROUNDS + 1):
            for office in self._offices:
                self._run(office, step.at + round_ * PAUSE, sent)
        folder = f"steps/{step.name}"
        for number, (name, content) in enumerate(sent, 1):
            self._files[f"{folder}/{number}-{name}.edi"] = content
            self._files[f"{folder}/{number}-{name}.txt"] = readable(content).encode()
        for office in self._offices:
            inbox = office.inbox()
            for name, content in inbox.items():
                if name not in self._inboxes[office.name]:
                    self._files[f"{folder}/{office.name.lower()}/{name}"] = content
            self._inboxes[office.name] = inbox
        if step.kind == "declarations":
            self._files[f"{folder}/record.json"] = _record(speaker, step.files[0], step.at)

    def _run(self, office: Office, at: datetime, sent: list[tuple[str, bytes]]) -> None:
        """One run, and the interchanges that it sealed."""
        office.run(at)
        with open_gateway(office.settings, at) as gateway, gateway.ledger.reading() as queries:
            for row in reversed(queries.interchanges(direction="out")):
                if row.id > self._seen[office.name]:
                    payload = queries.payload_of(row.id)
                    assert payload is not None
                    sent.append((f"{office.name}-{row.partner}-{row.type}", payload))
                    self._seen[office.name] = row.id

    def _states(self, step: Step) -> Iterator[str]:
        for office in self._offices:
            at = step.at + ROUNDS * PAUSE
            with open_gateway(office.settings, at) as gateway:
                for line in sorted(status(gateway.ledger, at).movements, key=lambda line: line.mrn):
                    yield ";".join((step.name, office.name, line.mrn, line.role, line.state, line.flags, line.next,
                                    line.who)) + "\n"


def _record(office: Office, file: str, at: datetime) -> bytes:
    """The transit record that the national files gave, completed by the gateway, as neutral JSON."""
    with open_gateway(office.settings, at) as gateway, gateway.ledger.reading() as queries:
        mrn = next(row.mrn for row in queries.find(file).messages if row.mrn is not None)
        held = queries.declarations(mrn)[-1]
    (content,) = load_dialect("neutral/json", [SAMPLES.parent / "mappings"]).write(held.tree, "record").values()
    return content
