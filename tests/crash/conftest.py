"""What several questions about crashes begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.campaigns.mailbox_world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two administrations that have exchanged one of everything."""
    with World(tmp_path_factory.mktemp("world")) as made:
        made.begin(declarations=1, rejected=1, events=1, refused=1)
        made.quiet()
        made.mark("rest")
        yield made
