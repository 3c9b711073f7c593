"""What a partner reads in a kit, in one language: how to prepare, what is sent and what must come, a list to tick."""

from __future__ import annotations

from gateway.kit.cases import CASES, Expected
from gateway.kit.folder import Plan
from gateway.kit.judging import Verdict
from gateway.texts import Language, say

FILES = {Language.FRENCH: "LISEZ-MOI.md", Language.ENGLISH: "README.md"}
STEPS = ("keys", "mailbox", "settings", "run", "report")
LINK_CHECKS = ("opens", "chain", "syntax")


def guide(plan: Plan, language: Language) -> str:
    """The kit's README. Markdown, ready to be printed."""
    def t(key: str, **values: object) -> str:
        return say(key, language, **values)

    lines = [f"# {t('kit.title', partner=plan.partner)}", "",
             t("kit.intro", gateway=plan.gateway, partner=plan.partner, corridor=plan.corridor,
               environment=plan.environment), "", f"## {t('kit.prepare')}", ""]
    lines += [f"{number}. {t(f'kit.step.{step}', gateway=plan.gateway, partner=plan.partner)}"
              for number, step in enumerate(STEPS, 1)]
    lines += ["", f"## {t('kit.cases')}", "",
              f"| {t('kit.column.case')} | {t('kit.column.sent')} | {t('kit.column.expected')} |", "|---|---|---|"]
    lines += [f"| `{name}` | {t(f'kit.case.{name}')} | {expected_text(expected, language)} |"
              for name, expected in CASES.items()]
    lines += ["", f"## {t('kit.checklist')}", ""]
    lines += [f"- [ ] `{name}`: {expected_text(expected, language)}" for name, expected in CASES.items()]
    lines += [f"- [ ] `link`: {t(f'kit.check.{check}')}" for check in LINK_CHECKS]
    return "\n".join(lines) + "\n"


def expected_text(expected: Expected, language: Language) -> str:
    """What must come of a case, in words."""
    parts = [say(f"kit.expected.{expected.receipt}", language)]
    if expected.contrl is not None:
        parts.append(f"CONTRL {expected.contrl}")
    if expected.word is not None:
        parts.append(f"CUSRES {expected.word}")
    return ", ".join(parts)


def verdict_text(verdict: Verdict, language: Language) -> str:
    """One line of a report: what was looked at, and what was wrong."""
    looked = say(f"kit.check.{verdict.check}", language)
    if not verdict.reason:
        return looked
    return f"{looked} — {say(f'kit.reason.{verdict.reason}', language, **verdict.values)}"
