"""The demonstration: three administrations on one computer, and one real transit from Lomé to Bamako.

Nothing in here is used by the gateway: it writes settings, records and event files as people would, runs the same
commands that cron runs, and plays the hostile mailbox host once. Its mailboxes are an SFTP server of the SSH library.
"""

from __future__ import annotations


def main(arguments: list[str]) -> int:
    """Run the demonstration. Exit status 0 only when what happened is what was expected, else 70."""
    from gateway.demo.story import run

    return run(arguments)
