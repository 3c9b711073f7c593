"""Settings of the watchdog: where the end of a run is told to somebody who notices when it is not."""

from __future__ import annotations

from gateway.config.model import Model
from gateway.config.scalars import SecretFile


class Watch(Model):
    """For each command of cron, and for the daemon, a file that holds one address and nothing else, or a credential of
    the service manager.

    Whoever knows the address can keep the watchdog quiet: it is a secret, and never stands in the settings themselves.
    """

    send: SecretFile | None = None
    receive: SecretFile | None = None
    sync: SecretFile | None = None
    daemon: SecretFile | None = None
