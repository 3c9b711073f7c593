"""Settings of alerts: to whom, by which way, and how soon."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import model_validator

from gateway.config.model import Field, Model, fault
from gateway.config.scalars import (
    DayTime,
    Duration,
    FilePath,
    Host,
    Integer,
    MailAddress,
    SecretFile,
    Text,
    Word,
    between,
    render_duration,
)


class _Alert(Model):
    """What every way of telling has.

    language  of the words; that of the settings where it is left out
    after     how long something that may pass by itself has lasted before it is told
    digest    from when on each day the summary of the day is told; not at all where it is left out
    """

    language: Literal["fr", "en"] | None = None
    after: Annotated[Duration, between(timedelta(minutes=1), timedelta(days=7), render_duration)] = timedelta(
        minutes=30)
    digest: DayTime | None = None


class MailAlert(_Alert):
    """By mail."""

    by: Literal["mail"]
    to: Annotated[tuple[MailAddress, ...], Field(min_length=1)]
    from_: Annotated[MailAddress, Field(alias="from")]
    server: Host
    port: Annotated[Integer, between(1, 65535)] = 25
    security: Literal["starttls", "tls", "none"] = "starttls"
    authority: FilePath | None = None
    user: Word | None = None
    password: SecretFile | None = None

    @model_validator(mode="after")
    def _secret_only_where_it_stays_one(self) -> MailAlert:
        """A name goes with a password, and a password never over a line that everybody can read."""
        if (self.user is None) is not (self.password is None):
            raise fault("S162", at=("user",))
        if self.password is not None and self.security == "none":
            raise fault("S163", at=("security",))
        return self


class WebhookAlert(_Alert):
    """By a request to another program, signed with a key that both have."""

    by: Literal["webhook"]
    address: SecretFile
    key: SecretFile


class CommandAlert(_Alert):
    """By a program of this machine, which gets the alert as JSON on its standard input."""

    by: Literal["command"]
    command: FilePath
    arguments: tuple[Text, ...] = ()


AlertSettings = Annotated[MailAlert | WebhookAlert | CommandAlert, Field(discriminator="by")]
