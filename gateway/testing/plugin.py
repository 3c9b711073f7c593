"""The fixture ``partner``: two real gateways over local mailboxes, of which the other one does whatever a test wants.

    def test_my_system_survives_a_false_signature(partner):
        partner.begin(partner.declaration("T-1"))
        partner.partner_answers()
        partner.spoil("bad-signature")
        assert partner.receive().codes == ("E_SIGNATURE",)
        partner.deliver()
        assert partner.receive().codes == ()

The corridor is that of ``@pytest.mark.corridor("...")``, else of ``edi_corridor`` in pytest's settings, else the first
that joins two administrations; ``edi_mappings`` names folders of mappings of one's own. pytest finds this plug-in by
itself wherever the gateway is installed; nothing of the gateway is imported before a test asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from gateway.mapping import Corridors
    from gateway.simulation import Pair


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two settings, both optional."""
    parser.addini("edi_corridor", "corridor of the fixture partner", default="")
    parser.addini("edi_mappings", "folders of mappings beside those of the gateway", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """One mark."""
    config.addinivalue_line("markers", "corridor(id): the corridor of the fixture partner")


@pytest.fixture
def partner(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pair]:
    """We and a partner that misbehaves: see `gateway.simulation.pair.Pair`."""
    from gateway.mapping import load_corridors, search_path
    from gateway.simulation import Pair

    mappings: list[Path] = request.config.getini("edi_mappings")
    corridors = load_corridors(search_path(mappings))
    mark = request.node.get_closest_marker("corridor")
    identifier = str(mark.args[0]) if mark is not None else str(request.config.getini("edi_corridor"))
    yield Pair.make(tmp_path / "corridor", corridors, identifier or _first(corridors), datetime.now(UTC),
                    mappings=mappings)


def _first(corridors: Corridors) -> str:
    """The first corridor of two administrations: the least that can exchange."""
    return next(one.identifier for one in corridors.all if len(one.administrations) == 2)
