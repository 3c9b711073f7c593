"""Do the texts for people say what is true: commands that exist, links that lead somewhere, both languages alike?"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from gateway.cli.commands import load, program_of
from gateway.config.starting import SettingsAnswers, settings_text
from gateway.exchange.summary import Exit
from gateway.launcher.words import FLAGS, VALUES, VERBS
from gateway.mapping import load_corridors, search_path
from gateway.texts import Language
from tests.tools.catalogues import merged

ROOT = Path(__file__).parents[2]
PAIRS = [("README.md", "gateway/docs/fr/README.md"),
         ("gateway/docs/en/first-exchange.md", "gateway/docs/fr/premier-echange.md"),
         ("gateway/docs/en/releases.md", "gateway/docs/fr/versions.md"),
         ("gateway/docs/en/operator.md", "gateway/docs/fr/exploitation.md"),
         ("gateway/docs/en/walks.md", "gateway/docs/fr/parcours.md"),
         ("gateway/docs/en/settings.md", "gateway/docs/fr/reglages.md"),
         ("gateway/docs/en/codes.md", "gateway/docs/fr/codes.md"),
         ("mappings/README.md", "gateway/docs/fr/correspondances.md"),
         ("mappings/dialects/README.md", "gateway/docs/fr/dialectes.md"),
         ("gateway/docs/en/benin-niger.md", "gateway/docs/fr/benin-niger.md"),
         ("gateway/docs/en/envelope.md", "gateway/docs/fr/enveloppe.md"),
         ("gateway/docs/en/mailbox.md", "gateway/docs/fr/boite.md"),
         ("gateway/docs/SECURITY.md", "gateway/docs/fr/SECURITY.md"),
         ("gateway/docs/crash-points.md", "gateway/docs/fr/points-d-arret.md"),
         ("gateway/docs/en/lives.md", "gateway/docs/fr/vies.md"),
         ("gateway/docs/en/commands.md", "gateway/docs/fr/commandes.md"),
         ("gateway/docs/en/movement-states.md", "gateway/docs/fr/etats-des-mouvements.md"),
         ("gateway/docs/README.md", "gateway/docs/fr/index.md"),
         ("gateway/ARCHITECTURE.md", "gateway/docs/fr/architecture.md"),
         ("gateway/docs/en/agreement.md", "gateway/docs/fr/accord.md"),
         ("gateway/docs/en/developers.md", "gateway/docs/fr/developpeurs.md"),
         ("gateway/docs/en/performance.md", "gateway/docs/fr/performances.md"),
         ("gateway/docs/en/open-a-corridor.md", "gateway/docs/fr/ouvrir-un-corridor.md"),
         ("gateway/docs/en/national-system.md", "gateway/docs/fr/systeme-national.md"),
         ("samples/gw1/README.md", "samples/gw1/LISEZ-MOI.md")]
FOR_PEOPLE = [*(name for pair in PAIRS for name in pair), "keys/README.md", "samples/README.md",
              "gateway/docs/security.md", "gateway/docs/fr/securite.md"]
DRAWINGS = {"gateway/ARCHITECTURE.md", "gateway/docs/fr/architecture.md"}
"""Pages whose blocks are drawings, no commands."""
GENERATED = {"gateway/docs/en/settings.md", "gateway/docs/fr/reglages.md", "gateway/docs/en/codes.md",
             "gateway/docs/fr/codes.md"}
"""Pages of sentences of the program, some of which speak of addresses of the web."""
PROGRAMS = ("edi-send", "edi-receive", "edi-sync")
FENCE = re.compile(r"^ *```\w*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^```output\n.*?^```$", re.MULTILINE | re.DOTALL)
"""What a command shows, in the language of the page (tests/golden/test_played_pages.py runs them)."""


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def prose(name: str) -> str:
    """The text without its code blocks."""
    return FENCE.sub("", text(name))


def headings(name: str) -> list[tuple[int, str]]:
    """Level and words of every heading."""
    return [(len(mark), words) for mark, words in re.findall(r"^(#+) (.+)$", prose(name), re.MULTILINE)]


def anchor(words: str) -> str:
    """The address of a heading, as hosts of repositories make it."""
    return re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")


def commands(name: str) -> Iterator[list[str]]:
    """Every command line of ours in code, as words from the program on."""
    code = [line for block in FENCE.findall(text(name)) for line in block.splitlines()]
    code += re.findall(r"`([^`\n]+)`", prose(name))
    for line in code:
        found = re.search(r"(?:^|[\s/=])((?:edi(?:-send|-receive|-sync)?|python3 -m gateway)(?: .*)?)$", line.strip())
        if found is not None:
            yield shlex.split(re.split(r" [>|] | && | #", found[1])[0])


def options_of(command: click.Command) -> set[str]:
    return {"--help", *(option for parameter in command.params for option in parameter.opts)}


def fault(words: list[str]) -> str:
    """What is wrong with a command line of ours, "" when nothing is."""
    program, *rest = words
    if program == "python3":
        verb, *rest = rest[2:]  # -m gateway
        if verb in VERBS or verb.startswith("-"):
            ours = rest[:rest.index("--")] if "--" in rest else rest  # behind it stand words of pytest
            known = {*FLAGS, *VALUES}
            return next((word for word in [verb, *ours] if word.startswith("-") and word not in known), "")
        rest = [verb, *rest]
    elif program in PROGRAMS:
        command = load(program.removeprefix("edi-"))
        return next((word for word in rest if word.startswith("-") and word not in options_of(command)), "")
    if not rest:
        return ""
    group = program_of("edi")
    assert isinstance(group, click.Group)
    command = group
    context = click.Context(group)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        inner = command.get_command(context, name)
        if inner is None:
            return name
        command = inner
    allowed = options_of(command) | ({"--version"} if command is group else set())
    return next((word for word in rest if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in allowed), "")


@pytest.mark.parametrize("name", sorted({*FOR_PEOPLE} - DRAWINGS))
def test_every_command_that_is_written_exists_with_its_options(name: str) -> None:
    assert {" ".join(words): fault(words) for words in commands(name) if fault(words)} == {}


def test_what_is_no_command_would_be_noticed() -> None:
    assert [fault(line.split()) for line in (
        "edi status", "edi statut", "edi keys init --days 30", "edi keys spin", "edi show X --row edi",
        "edi-send --dry-run", "edi-send --dry", "python3 -m gateway demo --clean", "python3 -m gateway demo --tidy",
        "python3 -m gateway bench road --scale 0.1", "python3 -m gateway bank")] == [
        "", "statut", "", "spin", "--row", "", "--dry", "", "--tidy", "", "bank"]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_command_that_a_sentence_advises_exists(language: str) -> None:
    bad = {}
    for entry in merged(language):
        for told in [entry.msgstr, *entry.msgstr_plural.values()]:
            for found in re.findall(r"\bedi ((?:[a-z][a-z-]* ?)+)", told):
                words = found.split()
                known = program_of("edi")
                assert isinstance(known, click.Group)
                first = known.get_command(click.Context(known), words[0])
                if first is None or (isinstance(first, click.Group) and len(words) > 1 and fault(["edi", *words[:2]])):
                    bad[entry.msgid] = told
    assert bad == {}


@pytest.mark.parametrize("name", PAIRS[0])
def test_every_command_is_named(name: str) -> None:
    group = program_of("edi")
    assert isinstance(group, click.Group)
    every = {f"edi {one}" for one in group.list_commands(click.Context(group))} | set(PROGRAMS)
    assert {one for one in every if not re.search(rf"\b{one}\b", text(name))} == set()


def test_the_table_of_exit_codes_is_that_of_the_program() -> None:
    for name, heading in (("README.md", "## Exit codes"), ("gateway/docs/fr/README.md", "## Codes de sortie")):
        rows = re.findall(r"^\| ([0-9, ]+) \|", text(name).split(f"\n{heading}\n")[1].split("\n## ")[0], re.MULTILINE)
        assert [int(code) for row in rows for code in row.split(",")] == sorted(Exit)


@pytest.mark.parametrize(("english", "french"), PAIRS)
def test_the_first_line_leads_to_the_same_text_in_the_other_language(english: str, french: str) -> None:
    for here, there, label in ((english, french, "En français"), (french, english, "In English")):
        found = re.fullmatch(r"\[(.+)\]\((.+)\)", text(here).splitlines()[0])
        assert found is not None
        assert found[1] == label
        assert ((ROOT / here).parent / found[2]).resolve() == ROOT / there


@pytest.mark.parametrize(("english", "french"), PAIRS)
def test_both_languages_have_the_same_chapters_tables_and_code(english: str, french: str) -> None:
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(french)]
    for name in (english, french):
        assert len(SHOWN.findall(text(name))) == len(SHOWN.findall(text(english)))
    assert FENCE.findall(SHOWN.sub("", text(english))) == FENCE.findall(SHOWN.sub("", text(french)))
    for sign in (r"^\|", r"^\d\. ", r"^- "):
        counted = [len(re.findall(sign, prose(name), re.MULTILINE)) for name in (english, french)]
        assert counted[0] == counted[1], sign


@pytest.mark.parametrize("name", FOR_PEOPLE)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(name)):
        file, _, part = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.exists(), target
        if part:
            assert part in [anchor(words) for _, words in headings(str(path.resolve().relative_to(ROOT)))], target


def test_two_screens_come_before_the_details() -> None:
    for name, heading in (("README.md", "# Details"), ("gateway/docs/fr/README.md", "# Détails")):
        assert text(name).splitlines().index(heading) <= 80


@pytest.mark.parametrize("name", sorted({*FOR_PEOPLE} - GENERATED))
def test_no_place_of_the_makers_is_named(name: str) -> None:
    """Addresses that belong to nobody (RFC 2606), or to the reader's own machine, may stand in examples."""
    ours = r"https?://(?!(?:[a-z-]+\.)+example\b|127\.0\.0\.1\b)|pypi|pythonhosted|/work/|/root/|/tmp/|/home/"
    assert re.findall(ours, text(name)) == []


def test_the_corridor_of_the_readme_loads(tmp_path: Path) -> None:
    files = re.findall(r"^```yaml\n# (mappings/\S+)\n(.*?)^```$", text("README.md"), re.MULTILINE | re.DOTALL)
    assert [name.rpartition("/")[::2] for name, _ in files] == [
        ("mappings/corridors/tg-gh", "corridor.yaml"), ("mappings/corridors/tg-gh", "cusdec.yaml")]
    for name, content in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    corridors = load_corridors(search_path([tmp_path / "mappings"]))
    assert corridors.faults == {}
    assert [member.gateway for member in corridors.named("tg-gh").administrations] == ["TGOTR", "GHGRA"]


def test_the_names_that_the_operators_guide_gives_are_those_of_the_program() -> None:
    answers = SettingsAnswers(gateway="TGOTR", environment="test", country="TG", time_zone="Africa/Lome")
    settings = settings_text(answers, language=Language.ENGLISH)
    for said in ("keys: keys\n", "twin_wait: 30m", "run: 15m"):
        assert said in settings
    for language, name in (("en", "gateway/docs/en/operator.md"), ("fr", "gateway/docs/fr/exploitation.md")):
        words = {entry.msgid: entry.msgstr for entry in merged(language)}
        missing = [words[key] for key in words if key.startswith(("life.", "state.")) and key not in _ELSEWHERE
                   and not re.search(rf"\b{re.escape(words[key].split(',')[0])}\b", text(name))]
        assert missing == []


_ELSEWHERE = {"state.DRAFT", "life.SYNTAX-REJECTED", "life.UNREADABLE", "life.STORED"}
"""States that last no longer than a run, or that no list of the guide needs."""
