"""The pages that name every key of the settings, of a partner's file and of the reference data, made from the models.

    python -m tests.tools.settings_reference          write gateway/docs/en/settings.md and gateway/docs/fr/reglages.md
    python -m tests.tools.settings_reference --check  exit 1 when a page is not what the models give

Keys, values and defaults are those of the JSON Schemas (`gateway.config.schema`), sentences those that editors show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from gateway.config.schema import SCHEMAS, json_schema
from gateway.config.shape import models_in
from gateway.texts import Language, known, say
from tests.tools.reference_pages import DOCS, cell, head, run

PAGES = {Language.ENGLISH: DOCS / "en" / "settings.md", Language.FRENCH: DOCS / "fr" / "reglages.md"}
FILES = {"settings.json": "settings.yaml", "partner.json": "partners/ID.yaml", "reference.json": "ID-reference.yaml"}

KINDS: Mapping[str, tuple[str, str]] = {  # pattern of a text -> what it is called
    r"^([A-Z0-9][A-Z0-9.\-]{0,31})$": ("name of a gateway", "nom d'une passerelle"),
    r"^([A-Z]{2})$": ("country, two letters", "pays, deux lettres"),
    r"^(?:[1-9][0-9]{0,5}[smh]|[1-9][0-9]{0,4}d)$": (
        "duration: `30s`, `15m`, `4h`, `2d`", "durée : `30s`, `15m`, `4h`, `2d`"),
    r"^[1-9][0-9]{0,8}(B|KiB|MiB|GiB)$": ("size: `64MiB`", "taille : `64MiB`"),
    r"^([a-z0-9][a-z0-9.\-]{1,61}[a-z0-9])$": ("name of a bucket", "nom d'un seau"),
    r"^([a-z0-9][a-z0-9_\-]*(/[a-z0-9][a-z0-9_\-]*)+)$": ("identifier: `neutral/json`", "identifiant : `neutral/json`"),
    r"^([A-Za-z0-9.,\-/&() ]{1,35})$": ("1 to 35 characters of UNOA", "1 à 35 caractères de UNOA"),
    r"^([A-Z0-9]{1,4})$": ("1 to 4 capitals or digits", "1 à 4 capitales ou chiffres"),
    r"^([0-9a-f]{64})$": ("SHA-256, 64 hexadecimal digits", "SHA-256, 64 chiffres hexadécimaux"),
    r"^([A-Za-z0-9]([A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,39})$": ("name or address of a host",
                                                                               "nom ou adresse d'un hôte"),
    r"^([A-Za-z0-9][A-Za-z0-9._@\-]{0,63})$": ("word: letters, digits and `._@-`", "mot : lettres, chiffres et `._@-`"),
    r"^((ssh|ecdsa)-[a-z0-9-]+ [A-Za-z0-9+/]+=*( .*)?)$": ("host key: `ssh-ed25519 AAAA…`",
                                                           "clé d'hôte : `ssh-ed25519 AAAA…`"),
    r"^(/?[A-Za-z0-9_\-][A-Za-z0-9_.\-]*(/[A-Za-z0-9_\-][A-Za-z0-9_.\-]*)*)$": ("folder on the server: `v1/in`",
                                                                                "dossier du serveur : `v1/in`"),
    r"^(https?://[A-Za-z0-9.\-\[\]:]+(/[!-~]*)?)$": ("web address", "adresse web"),
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$": ("moment: `2027-01-01T00:00:00Z`",
                                                                  "instant : `2027-01-01T00:00:00Z`"),
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$": ("day: `2027-01-01`", "jour : `2027-01-01`"),
    r"^(([01][0-9]|2[0-3]):[0-5][0-9])$": ("time of day: `06:30`", "heure : `06:30`"),
    r"^(([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]))$": ("hours: `07:30-12:00`",
                                                                          "heures : `07:30-12:00`"),
    r"^([A-Z]{2}[A-Z0-9]{3})$": ("code of an office: `TGCKS`", "code d'un bureau : `TGCKS`"),
    r"^([A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9.\-]{1,190})$": ("mail address", "adresse de courriel"),
    r"^([a-z][a-z0-9-]{0,31})$": ("name of a list", "nom d'une liste"),
}
WORDS = {
    "title": ("Settings: every key", "Réglages : toutes les clés"),
    "intro": ("""\
Made by `python -m tests.tools.settings_reference` from the models that read the files; what is not here is
refused, with file, line and column. `edi config check` judges the files, `edi config show` tells every value in
force and where it comes from. An editor that understands JSON Schema shows the same sentences while typing:
`edi init` puts the schemas beside the settings.

A dot goes one level deeper, `[]` stands for each entry of a list, `*` for a name that is free. **Needed** keys
have no value by themselves.""", """\
Faite par `python -m tests.tools.settings_reference` à partir des modèles qui lisent les fichiers ; ce qui n'est
pas ici est refusé, avec fichier, ligne et colonne. `edi config check` juge les fichiers, `edi config show` dit
chaque valeur en vigueur et d'où elle vient. Un éditeur qui comprend JSON Schema montre les mêmes phrases
pendant la frappe : `edi init` pose les schémas à côté des réglages.

Un point descend d'un niveau, `[]` tient pour chaque entrée d'une liste, `*` pour un nom libre. Les clés
**nécessaires** n'ont pas de valeur d'elles-mêmes."""),
    "columns": ("| key | values | by itself | meaning |", "| clé | valeurs | d'elle-même | sens |"),
    "whole": ("The file", "Le fichier"), "needed": ("**needed**", "**nécessaire**"),
    "list": ("list of: {of}", "liste de : {of}"), "map": ("for each {of}", "pour chaque {of}"),
    "text": ("text", "texte"), "section": ("see below", "voir plus bas"),
    "number": ("{least} to {most}", "{least} à {most}"),
    "some": ("at least one", "au moins une"),
}


@dataclass(frozen=True)
class Section:
    """One model of a file: where it stands in it, its name, its schema."""

    paths: tuple[str, ...]
    name: str
    schema: Mapping[str, Any]


def sections(schema: Mapping[str, Any], top: str) -> list[Section]:
    """The models of a file, the outermost first; one that stands in several places comes once, with all of them."""
    found: dict[str, list[str]] = {top: [""]}
    definitions = {top: schema, **schema.get("$defs", {})}
    queue = [top]
    for name in queue:
        for key, inner in definitions[name].get("properties", {}).items():
            for suffix, reference in _references(inner):
                places = found.setdefault(reference, [])
                places += [f"{path}.{key}{suffix}".lstrip(".") for path in found[name]]
                if reference not in queue:
                    queue.append(reference)
    return [Section(tuple(dict.fromkeys(found[name])), name, definitions[name]) for name in queue]


def _references(schema: Mapping[str, Any], suffix: str = "") -> Iterator[tuple[str, str]]:
    """What a value may hold of other models: the sign of lists and free names behind its key, the model."""
    if "$ref" in schema:
        yield suffix, schema["$ref"].rpartition("/")[2]
    for one in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        yield from _references(one, suffix)
    if "items" in schema:
        yield from _references(schema["items"], f"{suffix}[]")
    for inner in schema.get("patternProperties", {}).values():
        yield from _references(inner, f"{suffix}.*")


def kind(schema: Mapping[str, Any], word: Words) -> str:
    """What may stand at a key. Raises KeyError for a form of text that this page has no word for."""
    if any(name in schema for name in ("$ref", "allOf", "oneOf", "anyOf")):
        return word("section")
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"] if isinstance(one, str))
    if schema["type"] == "array":
        some = f" ({word('some')})" if schema.get("minItems") else ""
        return word("list", of=kind(schema["items"], word)) + some
    if schema["type"] == "object":
        of = ", ".join(word.kind(pattern) for pattern in schema.get("patternProperties", ()))
        return word("map", of=of)
    if schema["type"] == "integer":
        return word("number", least=schema["minimum"], most=schema["maximum"])
    return word.kind(schema["pattern"]) if "pattern" in schema else word("text")


class Words:
    """The page's own words in one language."""

    def __init__(self, language: Language) -> None:
        self._at = 0 if language is Language.ENGLISH else 1

    def __call__(self, name: str, **values: object) -> str:
        return WORDS[name][self._at].format_map(values)

    def kind(self, pattern: str) -> str:
        """What texts of this form are called."""
        return KINDS[pattern][self._at]


def page(language: Language) -> str:
    """The whole page."""
    other = "../fr/reglages.md" if language is Language.ENGLISH else "../en/settings.md"
    word = Words(language)
    lines = [*head(language, other, word("title")), word("intro"), ""]
    for file, model in SCHEMAS.items():
        lines += [f"## {FILES[file]}", ""]
        for one in sections(json_schema(model), model.__name__):
            lines += _section(one, language, word)
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(one: Section, language: Language, word: Words) -> list[str]:
    named = ", ".join(f"`{path}`" for path in one.paths if path)
    chosen = [inner["const"] for key, inner in one.schema["properties"].items()
              if "const" in inner and key != "format"]
    title = f"{named or word('whole')}{f' ({chosen[0]})' if chosen else ''}"
    said = f"config.{one.name}"
    lines = [f"### {title}", "", *([say(said, language) + ".", ""] if known(said, language) else []), word("columns"),
             "|---|---|---|---|"]
    needed = one.schema.get("required", ())
    for key, inner in one.schema["properties"].items():
        default = inner.get("default")
        by_itself = word("needed") if key in needed else "" if default is None or default in ([], {}) \
            else f"`{default}`" if not isinstance(default, dict) else ""
        lines.append(f"| `{key}` | {cell(kind(inner, word))} | {by_itself} | "
                     f"{cell(say(f'config.{one.name}.{key}', language))} |")
    return [*lines, ""]


def keys_without_words() -> list[str]:
    """Every key of a file that has no sentence in one of the languages."""
    models: list[type[BaseModel]] = [inner for model in SCHEMAS.values() for inner in models_in(model)]
    keys = [f"config.{model.__name__}.{field.alias or name}" for model in models
            for name, field in model.model_fields.items()]
    return [key for key in keys if not all(known(key, language) for language in Language)]


if __name__ == "__main__":
    raise SystemExit(run(PAGES, page))
