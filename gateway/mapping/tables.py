"""Code tables of a mapping: one to one, or with a declared answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.findings import Finding
from gateway.mapping.codecs import CodeCodec
from gateway.mapping.document import nearest
from gateway.mapping.inherit import Definition, fault


class Tables:
    """The code tables of one definition, checked. `kinds` tells the kind of a term in the transit record.

    Faults: M012 two words with one code, M034 many words for a table that does not exist, M035 an answer that is not
    the word of the code, M046 a code of nothing or with a blank at its ends.
    """

    def __init__(self, definition: Definition, kinds: Callable[[str], str | None], findings: list[Finding]) -> None:
        self._kinds = kinds
        self._words: dict[str, dict[str, str]] = {}
        self._answers: dict[str, dict[str, str]] = {}
        for table, entries in definition.codes.items():
            answers: dict[str, str] = {}
            for word, code in entries.items():
                if not code.text or code.text != code.text.strip():
                    findings.append(fault("M046", code.origin, table=table, word=word))
                if code.text in answers:
                    findings.append(fault("M012", code.origin, table=table, first=answers[code.text], second=word,
                                          code=code.text))
                answers.setdefault(code.text, word)
            self._words[table] = {word: code.text for word, code in entries.items()}
            self._answers[table] = answers
        for table, (entries, declared, origin) in definition.many_to_one.items():
            if table not in self._words:
                findings.append(fault("M034", origin, table=table, nearest=nearest(table, self._words)))
                continue
            for word, code in entries.items():
                answer = self._answers[table].get(code.text)
                if answer is None or answer not in declared:
                    findings.append(fault("M035", code.origin, table=table, word=word, code=code.text,
                                          answer=answer or "-"))
                if word in definition.codes[table]:
                    findings.append(fault("M012", code.origin, table=table, first=word, second=word, code=code.text))
                self._words[table].setdefault(word, code.text)

    def names(self) -> list[str]:
        """Every table."""
        return list(self._words)

    def words(self, table: str) -> Mapping[str, str]:
        """The words of a table and their codes; empty for a table that does not exist."""
        return self._words.get(table, {})

    def answers(self, table: str) -> Mapping[str, str]:
        """The codes of a table and the words they are read as."""
        return self._answers.get(table, {})

    def codec(self, table: str, term: str) -> CodeCodec:
        """The codec for a term; a flag is written by the words true and false."""
        return CodeCodec(table, self.words(table), self.answers(table), self._kinds(term) == "boolean")
