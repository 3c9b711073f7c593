# -*- coding: utf-8 -*-
"""What was asked on the command line, and the sentences of the catalogue to answer with. Runs on old Pythons."""

import gettext
import os
import unicodedata

LOCALE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "locale")
VERBS = ("demo", "test", "wheelhouse", "doctor")
"""The launcher's own verbs; every other one is edi's."""
VALUES = ("--lang", "--dir", "--venv", "--wheelhouse", "--index-url", "--python", "--platform", "--extra")
PLAIN = {"\u00ab": '"', "\u00bb": '"', "\u2014": "-"}
"""What stands for a character on a terminal that lacks it, where Unicode itself knows nothing simpler."""
FLAGS = {"--clean": "clean", "--all": "everything", "-v": "verbose", "--help": "help", "-h": "help"}


class Stop(Exception):
    """The end of a run: exit status, key of the sentence to say, its values."""

    def __init__(self, status: int, key: str, **values: object) -> None:
        super(Stop, self).__init__(key)
        self.status, self.key, self.values = status, key, values


class Options(object):
    """What was asked, and the voice to answer with: French unless --lang, EDI_LANG or the locale says English.

    verb      first word, "" when there is none
    rest      what is not the launcher's: pytest's arguments, edi's, the demonstration's
    given     options with a value, by their name: {"--lang": "en"}
    house     the wheelhouse to install from, as an absolute path, "" for the index
    fault     the word that was not understood, "" when all were
    """

    def __init__(self, argv: "list[str]", environ: "dict[str, str]") -> None:
        self.argv = argv
        self.environ = environ
        self.verb = self.fault = ""
        self.rest = []  # type: list[str]
        self.given = {}  # type: dict[str, str]
        self.clean = self.everything = self.verbose = self.help = False
        self._read(list(argv))
        house = self.given.get("--wheelhouse") or environ.get("EDI_WHEELHOUSE") or ""
        self.house = os.path.abspath(house) if house else ""
        locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
        said = [text.lower()[:2] for text in (self.given.get("--lang", ""), environ.get("EDI_LANG", ""), locale)]
        self.language = ([text for text in said if text in ("fr", "en")] + ["fr"])[0]
        self._catalogue = gettext.translation("gateway", LOCALE, [self.language], fallback=True)

    def _read(self, words: "list[str]") -> None:
        while words:
            word = words.pop(0)
            name, equals, value = word.partition("=")
            if self.verb and self.verb not in VERBS:  # edi's words pass as they are; the language is ours as well
                self.rest = [word] + words
                if "--lang" in self.rest[:-1]:
                    self.given["--lang"] = self.rest[self.rest.index("--lang") + 1]
                return
            if word == "--":
                self.rest += words
                return
            if name in VALUES:
                if not equals and not words:
                    self.fault = name
                    return
                self.given[name] = value if equals else words.pop(0)
            elif word in FLAGS:
                setattr(self, FLAGS[word], True)
            elif self.verb:
                self.rest.append(word)
            elif word.startswith("-"):
                self.fault = word
                return
            else:
                self.verb = word

    def text(self, key: str, **values: object) -> str:
        """The sentence for a key."""
        return self._catalogue.gettext(key).format(**values)

    def count(self, key: str, number: int) -> str:
        """The sentence for a key in its plural form."""
        return self._catalogue.ngettext(key, key, number).format(n=number)

    def say(self, stream: object, key: str, **values: object) -> None:
        """Write one sentence to a text stream; a character that its encoding lacks is substituted."""
        text = substituted(self.text(key, **values), getattr(stream, "encoding", None) or "ascii")
        print(text, file=stream, flush=True)  # type: ignore[call-overload]


def substituted(text: str, encoding: str) -> str:
    """The text with a simpler character for each one that an encoding lacks."""
    def known(piece: str) -> str:
        return piece.encode(encoding, "ignore").decode(encoding)

    return "".join(known(each) or PLAIN.get(each) or known(unicodedata.normalize("NFKD", each)) or "?" for each in text)
