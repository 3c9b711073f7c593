"""A server that speaks S3 on 127.0.0.1: ``rclone serve s3``, as the test extra brings it, over a folder of the test.

It wants a signature with the right secret (AWS Signature Version 4), and what it keeps are plain files: a test can
alter one behind its back.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.contents.bucket import Bucket
from tests.tools.sshd import free_port

RCLONE = Path(sys.prefix) / "bin" / "rclone"
KEY, SECRET, BUCKET = "EDI", "a secret of forty characters or about so", "contents"


@dataclass
class S3Server:
    """A server that can be stopped and started again. root: the folder of its bucket."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        return self.home / "served" / BUCKET

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bucket(self, prefix: str, *, secret: str = SECRET, bucket: str = BUCKET) -> Bucket:
        """A folder in its bucket, through our client."""
        return Bucket(address=self.address, bucket=bucket, prefix=prefix, region="us-east-1", access_key=KEY,
                      secret=secret.encode)

    def start(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        log = self.home / "log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [RCLONE, "serve", "s3", self.home / "served", "--addr", f"127.0.0.1:{self.port}", "--auth-key",
                 f"{KEY},{SECRET}", "--config", "", "--cache-dir", self.home / "cache"],
                stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=2):
                return
            time.sleep(0.02)
        raise RuntimeError(f"the S3 server did not start:\n{log.read_text(errors='replace')}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()  # it would wait for clients that keep their lines
            self.process.wait(10)
            self.process = None


@contextlib.contextmanager
def running_s3(folder: Path) -> Iterator[S3Server]:
    """A server for the time of a with-block."""
    server = S3Server(folder, free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()
