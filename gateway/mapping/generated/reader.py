"""Source that reads a message: every run of the plan unrolled, the next segment in variables, checks in place.

What stands in the variables while a segment is read: ``tag`` and ``e``, its elements; in the traced source ``at``, its
position in the message. ``record``, ``s1``... are the open scopes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gateway.mapping.generated.code import Code, hole, joined
from gateway.mapping.generated.holes import parts_of, simple
from gateway.mapping.generated.taking import Taking
from gateway.mapping.plan import ElementPlan, Plan, PlanLine, Run


def reader_code(plan: Plan, traced: bool) -> Code:
    """The body of ``read(segments)`` or ``read(segments, trace)``, which gives the record.

    segments  those after UNH and before UNT, and behind them one with the tag ""
    """
    return _Reader(plan, traced).make()


class _Reader:
    """Makes the source for one plan."""

    def __init__(self, plan: Plan, traced: bool) -> None:
        self._plan = plan
        self._traced = traced
        self._code = Code()
        self._scopes: list[str] = ["record"]
        self._paths: list[str] = [""]
        self._ordinals: list[str] = []
        self._seen = Counter(access.term for line in plan.walk() for part in parts_of(line)
                             for access in part.accesses())
        self._taking = Taking(self._code, self._scopes, self._paths, self._ordinals, self._seen, traced)

    def make(self) -> Code:
        code, plan = self._code, self._plan
        code.put("record = {}", "seen = {}", f"strict = Strict(seen, {'trace' if self._traced else 'None'})",
                 "late = strict.late", "take = iter(segments).__next__", "note = trace.append" if self._traced else "",
                 "at = 1" if self._traced else "")
        self._advance()
        self._level(plan.runs)
        code.refuse("tag")
        if plan.fixed:
            code.put(f"settle(record, {code.bind(plan.fixed)})")
        code.put(f"decide(late, seen, {code.bind(plan.twins)})", "return record")
        return code

    def _advance(self) -> None:
        self._code.put("s = take()", "tag = s.tag", "e = s.elements", "at += 1" if self._traced else "")

    # runs

    def _level(self, runs: Sequence[Run]) -> None:
        for run in runs:
            self._run(run)

    def _run(self, run: Run) -> None:
        code = self._code
        found = [code.fresh("n") for _ in run.lines]
        code.put(f"{' = '.join(found)} = 0")
        with code.block(f"while tag == {run.tag!r}"):
            if run.table:
                code.put("q = e[0][0] if e and e[0] else ''")
            self._choose(run, found)
        for line, number in zip(run.lines, found, strict=True):
            computed = line.computed if line.optional and not line.mandatory else ()
            if not line.mandatory and not computed:
                continue
            with code.block(f"if not {number}"), self._guarded(line):
                if line.mandatory:
                    code.put("raise Unclean")
                for part in computed:
                    code.put(f"late.append(partial({code.bind(part)}.lacking, {self._taking.scopes()}))")

    @contextmanager
    def _guarded(self, line: PlanLine) -> Iterator[None]:
        """Only where the line counts for this record."""
        if line.guard is None:
            yield
            return
        value = self._code.fetch(line.guard.access, self._scopes)
        with self._code.block(f"if {value} in {self._code.bind(line.guard.values)}"):
            yield

    def _choose(self, run: Run, found: Sequence[str]) -> None:
        """The line that takes the segment, as `Run.pick` says; none leaves the segment to a later run."""
        code = self._code
        exact = [line for line in run.lines if (0, 0) in line.firm]
        loose = [line for line in run.lines if (0, 0) not in line.firm]
        word = "if"
        for line in exact:
            texts = line.firm[0, 0]
            condition = f"q == {next(iter(texts))!r}" if len(texts) == 1 else f"q in {code.bind(texts)}"
            shared = loose or any(other is not line and texts & other.firm[0, 0] for other in exact)
            if shared:
                condition += f" and {code.bind(line)}.fits(e)"
            with code.block(f"{word} {condition}"):
                self._take(line, found[line.number])
            word = "elif"
        if not exact and len(loose) == 1:  # only this can be meant
            self._take(loose[0], found[loose[0].number])
            return
        for line in loose:
            with code.block(f"{word} {code.bind(line)}.fits(e)"):
                self._take(line, found[line.number])
            word = "elif"
        with code.block("else"):
            code.put("break")

    def _take(self, line: PlanLine, number: str) -> None:
        code = self._code
        if line.limit == 1:
            code.refuse(number)
            code.put(f"{number} = 1")
        else:
            code.put(f"{number} += 1")
            code.refuse(f"{number} > {line.limit}")
        if line.guard is not None:
            value = code.fetch(line.guard.access, self._scopes)
            code.refuse(f"{value} not in {code.bind(line.guard.values)}")
        access = line.each or line.group
        if access is None:
            if line.flag is not None:
                code.put(f"{self._taking.holder(line.flag)}[{line.flag.key!r}] = True")
            self._inside(line)
            return
        scope = code.fresh("s")
        place = self._taking.path(access)
        holder = self._taking.holder(access)
        if line.each is not None:
            code.put(f"{scope} = {{}}", f"{holder}.setdefault({access.key!r}, []).append({scope})")
            self._ordinals.append(number)
            place += f"[{hole(number)}]"
        else:
            code.put(f"{scope} = {holder}.setdefault({access.key!r}, {{}})")
        variable = ""
        if self._traced:
            variable = code.fresh("p")
            code.put(f"{variable} = {joined([place])}")
        self._scopes.append(scope)
        self._paths.append(variable)
        self._inside(line)
        self._scopes.pop()
        self._paths.pop()
        if line.each is not None:
            self._ordinals.pop()
        code.refuse(f"not {scope}")

    # segments

    def _inside(self, line: PlanLine) -> None:
        self._segment(line)
        self._advance()
        self._level(line.runs)

    def _segment(self, line: PlanLine) -> None:
        code = self._code
        if self._traced and not all(simple(part) for part in parts_of(line)):
            code.put(f"strict.where = (at, {line.tag!r}, {line.origin.file!r}, {line.origin.line})",
                     f"strict.places = ({''.join(f'{path or repr(path)}, ' for path in self._paths)})")
        needed = max((number for number, element in enumerate(line.elements, 1) if _needed(element)), default=0)
        found = line.optional and not any(_certain(element) for element in line.elements)
        if found:
            code.put("f = False")
        if needed or len(line.elements) > needed:
            code.put("n = len(e)")
        if needed:
            code.refuse(f"n < {needed}")
        for number, element in enumerate(line.elements):
            if element.wire is not None:
                constant = repr(element.components)
                if number < needed:
                    with code.block(f"if e[{number}] != {constant}"):
                        code.put(f"same(e[{number}], {constant})")
                else:  # nothing is wanted there
                    with code.block(f"if n > {number} and e[{number}] != {constant}"):
                        code.put(f"same(e[{number}], {constant})")
            elif _certain(element):
                self._taking.certain(line, element, number)
            else:
                self._taking.possible(line, element, number, number < needed, found)
        with code.block(f"if n > {len(line.elements)}" if line.elements else "if e"):
            code.put(f"empty(e, {len(line.elements)})")
        if found:
            code.refuse("not f")


def _needed(element: ElementPlan) -> bool:
    """Something must stand in an element."""
    return any(element.components) if element.wire is not None else _certain(element)


def _certain(element: ElementPlan) -> bool:
    """A hole of an element is always filled."""
    return any(not isinstance(part, str) and not part.optional and part.default is None for part in element.parts)
