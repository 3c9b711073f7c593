"""Does a receipt say exactly what was received, and is nothing else read as one?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.security import EDIFACT, Header, Opened, Receipt, disposition_of, read_receipt, receipt_payload

MIC, DIGEST = "2ac2a01c45854f5d3685c695bece523adf125519c7ff7d4ffdab41d05aca9133", "11" * 32
DATE = datetime(2026, 1, 1, tzinfo=UTC)
OPENED = Opened(Header(f"<{'0' * 32}@XA>", "XA", "XB", DATE, 123, "0" * 63 + "1", EDIFACT, "a.edi"),
                b"UNB+'", b"", MIC, DIGEST, DATE, "22" * 32)
TEXT = (
    "Reporting-UA: gateway.XB; corridor-gateway 0.1.0\r\n"
    "Original-Recipient: gateway; XB\r\n"
    "Final-Recipient: gateway; XB\r\n"
    f"Original-Message-ID: <{'0' * 32}@XA>\r\n"
    "Disposition: automatic-action/MDN-sent-automatically; processed\r\n"
    "Received-Content-MIC: KsKgHEWFT102hcaVvs5SOt8SVRnH/31P/atB0FrKkTM=, sha-256\r\n"
    f"Original-Signature-Digest: sha-256={DIGEST}\r\n"
    "Original-Sequence: 123\r\n"
).encode()


def test_a_receipt_is_these_eight_lines() -> None:
    assert receipt_payload(OPENED, product="corridor-gateway 0.1.0") == TEXT


@pytest.mark.parametrize("disposition", [
    "processed", "processed/error: duplicate-conflict", "failed/failure: E_UNB", "failed/failure: E_TEST_FLAG"])
def test_a_receipt_reads_back(disposition: str) -> None:
    receipt = read_receipt(receipt_payload(OPENED, product="corridor-gateway 0.1.0", disposition=disposition))
    assert receipt == Receipt("XB", "corridor-gateway 0.1.0", f"<{'0' * 32}@XA>", 123, MIC, DIGEST, disposition)
    assert receipt.processed is (disposition == "processed")


@pytest.mark.parametrize(("product", "disposition"), [
    ("corridor-gateway", "processed"), ("", "processed"), ("a 1\r\nX: y", "processed"), ("é 1", "processed"),
    ("a 1", "displayed"), ("a 1", "failed/failure: because"), ("a 1", "")])
def test_a_receipt_that_nobody_could_read_is_not_written(product: str, disposition: str) -> None:
    with pytest.raises(ValueError):
        receipt_payload(OPENED, product=product, disposition=disposition)


def test_only_codes_of_section_6_are_ever_answered() -> None:
    assert [disposition_of(code) for code in ("E_DUPLICATE", "E_UNB")] == [
        "processed/error: duplicate-conflict", "failed/failure: E_UNB"]
    with pytest.raises(ValueError, match="never answered"):
        disposition_of("E_DECRYPT")
