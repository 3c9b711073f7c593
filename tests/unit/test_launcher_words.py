"""Does the launcher understand what is typed, and answer in the right language on any terminal?"""

from __future__ import annotations

import io
import re
import string
from pathlib import Path

import polib
import pytest

from gateway.launcher import steps
from gateway.launcher.pip import CAUSES
from gateway.launcher.words import Options

ROOT = Path(__file__).parents[2]
SOURCES = "\n".join(path.read_text("utf-8") for path in (ROOT / "gateway" / "launcher").glob("*.py"))
CATALOGUES = {language: {entry.msgid: entry for entry in polib.pofile(str(ROOT / "gateway" / "locale" / language /
                                                                          "launcher.po"))} for language in ("fr", "en")}


def asked(*argv: str) -> Options:
    return Options(list(argv), {})


def test_options_stand_before_or_after_the_verb_and_with_an_equals_sign() -> None:
    options = asked("--lang", "en", "demo", "--dir=there", "-v", "--clean", "--all")
    assert (options.verb, options.given, options.verbose, options.clean, options.everything, options.rest) == \
        ("demo", {"--lang": "en", "--dir": "there"}, True, True, True, [])


def test_what_follows_two_dashes_or_is_unknown_goes_to_pytest() -> None:
    assert asked("test", "-k", "seal", "--", "-v", "--dir", "x").rest == ["-k", "seal", "-v", "--dir", "x"]


def test_the_words_of_edi_pass_as_they_are_and_its_language_is_ours_too() -> None:
    options = asked("status", "--dir", "x", "--lang", "en", "-v")
    assert (options.verb, options.rest, options.given, options.verbose, options.language) == \
        ("status", ["--dir", "x", "--lang", "en", "-v"], {"--lang": "en"}, False, "en")


@pytest.mark.parametrize(("argv", "environ", "language"), [
    ((), {}, "fr"),
    ((), {"LANG": "C"}, "fr"),
    ((), {"LANG": "de_DE.UTF-8"}, "fr"),
    ((), {"LANG": "en_GB.UTF-8"}, "en"),
    ((), {"LANG": "en_GB.UTF-8", "LC_ALL": "fr_FR.UTF-8"}, "fr"),
    ((), {"LANG": "en_GB.UTF-8", "EDI_LANG": "fr"}, "fr"),
    (("--lang", "en"), {"EDI_LANG": "fr"}, "en"),
])
def test_the_language_is_the_option_then_edi_lang_then_the_locale_then_french(
        argv: tuple[str, ...], environ: dict[str, str], language: str) -> None:
    assert Options([*argv, "demo"], environ).language == language


@pytest.mark.parametrize(("argv", "status", "word"), [
    ([], 2, "VERBE"), (["--wrong"], 2, "--wrong"), (["demo", "--dir"], 2, "--dir"), (["--help"], 0, "VERBE"),
])
def test_wrong_use_shows_the_short_help_and_exits_2(argv: list[str], status: int, word: str,
                                                    capsys: pytest.CaptureFixture[str],
                                                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDI_LANG", "fr")
    assert steps.main(argv) == status
    printed = capsys.readouterr()
    assert word in (printed.err if status else printed.out)
    assert "python3 -m gateway demo" in (printed.err if status else printed.out)


def test_a_stream_that_lacks_a_character_gets_another_and_nothing_fails() -> None:
    printed = {}
    for encoding in ("ascii", "iso-8859-1", "utf-8"):
        with io.TextIOWrapper(io.BytesIO(), encoding) as stream:
            asked().say(stream, "launcher.made", folder="/é", seconds=4)
            printed[encoding] = stream.buffer.getvalue().decode(encoding)
    assert printed == {"ascii": "Environnement pret : /e - 4 s\n", "iso-8859-1": "Environnement prêt : /é - 4 s\n",
                       "utf-8": "Environnement prêt : /é — 4 s\n"}


def test_both_catalogues_hold_every_sentence_the_launcher_says_and_no_other() -> None:
    said = set(re.findall(r'"(launcher\.[a-z_.]+[a-z])"', SOURCES))
    made_up = {"launcher.cause.": {*CAUSES, "clock", "other"},
               "launcher.doctor.here.": {"yes", "no"}, "launcher.doctor.tool.": {"yes", "no"},
               "launcher.doctor.core.": {"compiled", "plain"},
               "launcher.doctor.environment.": {"ready", "stale", "foreign", "absent"},
               "launcher.": {"passed", "failed", "skipped"}}
    said |= {prefix + word for prefix, words in made_up.items() for word in words}
    assert set(CATALOGUES["fr"]) == said
    assert set(CATALOGUES["en"]) == said


def test_a_sentence_asks_for_the_same_values_in_both_languages() -> None:
    def fields(entry: polib.POEntry) -> list[str]:
        texts = [entry.msgstr, *entry.msgstr_plural.values()]
        return sorted(name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name is not None)

    assert {key: fields(entry) for key, entry in CATALOGUES["fr"].items()} == \
        {key: fields(entry) for key, entry in CATALOGUES["en"].items()}


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("key", ["usage", "too_old", "unreachable", "no_pip"])
def test_the_messages_of_a_first_day_fit_in_80_columns_and_end_with_something_to_type(key: str, language: str) -> None:
    values = {"version": "3.10", "verb": "demo",
              "cause": CATALOGUES[language]["launcher.cause.timeout"].msgstr}
    lines = Options(["--lang", language], {}).text(f"launcher.{key}", **values).splitlines()
    assert [line for line in lines if len(line) > 80] == []
    assert "-m gateway demo" in lines[-1]


def test_the_closing_line_of_the_tests_has_its_plural_forms() -> None:
    french, english = Options([], {}), Options(["--lang", "en"], {})
    counted = [("passed", 412), ("failed", 0), ("failed", 1), ("skipped", 3)]
    assert [french.count(f"launcher.{kind}", number) for kind, number in counted] == \
        ["412 réussis", "0 échoué", "1 échoué", "3 ignorés"]
    assert french.text("launcher.tests", passed="412 réussis", failed="0 échoué", skipped="3 ignorés", seconds=41) == \
        "Tests : 412 réussis, 0 échoué, 3 ignorés — 41 s"
    assert english.text("launcher.tests", passed=english.count("launcher.passed", 1),
                        failed=english.count("launcher.failed", 0), skipped=english.count("launcher.skipped", 2),
                        seconds=1) == "Tests: 1 passed, 0 failed, 2 skipped — 1 s"
