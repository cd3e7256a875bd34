"""Name every change between two contracts that breaks a caller.

    breaking.py OLD NEW

Direction decides: what callers send may only grow wider, what they get may only grow narrower.
Two exceptions: an answer may gain members, and an enumeration marked `x-extensible-enum` may gain
values. Exit status 0 if nothing breaks, 1 if something does, 2 if a file is no contract.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sides import Json, Schema, Side, Slot, members

EXACT = {"pattern", "format", "multipleOf", "uniqueItems", "contentEncoding", "contentMediaType"}
LIMITS = {
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), 1),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), -1),
}
"""Bounds, with the sign under which the greater bound is the wider one."""


class Finding(NamedTuple):
    """One change that breaks a caller."""

    where: str
    kind: str
    change: str

    def __str__(self) -> str:
        return f"{self.where}: {self.change} [{self.kind}]"


class Comparison:
    """Two documents side by side; `findings` fills as they are compared."""

    def __init__(self, old: Side, new: Side, seen: set[tuple[str, str, bool]]) -> None:
        self.old, self.new, self.seen = old, new, seen
        self.findings: list[Finding] = []

    def found(self, where: str, kind: str, change: str) -> None:
        """Keep a finding."""
        self.findings.append(Finding(where, kind, change))

    def documents(self) -> None:
        """Compare everything."""
        self.slots(self.old.entrance(), self.new.entrance(), "document", sent=True)
        for section in ("paths", "webhooks"):
            now = self.new.operations(section)
            for name, operation in self.old.operations(section).items():
                if name in now:
                    self.operation(operation, now[name], name, sent=section == "paths")
                else:
                    self.found(name, "gone", "the operation is gone")

    def operation(self, old: Json, new: Json, where: str, *, sent: bool) -> None:
        """Compare one operation. Of a webhook callers get the request, so `sent` is false."""
        was, now = old.get("operationId"), new.get("operationId")
        if was != now:
            self.found(where, "operation-id", f"operationId {was} → {now}")
        for way in self.old.security(old):
            if not any(_opens(way, other) for other in self.new.security(new)):
                self.found(where, "security", f"{json.dumps(way)} no longer suffices")
        self.slots(self.old.request(old), self.new.request(new), where, sent=sent)
        answers = new.get("responses", {})
        for status, response in old.get("responses", {}).items():
            if status in answers:
                slots = self.old.answer(response), self.new.answer(answers[status])
                self.slots(*slots, f"{where} → {status}", sent=not sent)
            elif status < "4":
                self.found(where, "gone", f"{status} is no longer answered")

    def slots(self, was: dict[str, Slot], now: dict[str, Slot], where: str, *, sent: bool) -> None:
        """Compare named places: none may go, become a duty, or lose what it promised."""
        for name in now:
            before, after = (bool(name in s and s[name].required) for s in (was, now))
            if (after and not before) if sent else (before and not after):
                self.found(where, "required", f"{name} {'is now required' if sent else 'may lack'}")
        for name, slot in was.items():
            if name not in now:
                self.found(where, "gone", f"{name} is gone")
                continue
            if slot.form != now[name].form:
                self.found(where, "form", f"{name} takes another form")
            self.schemas(slot.schema, now[name].schema, f"{where}/{name}", sent=sent)

    def schemas(self, old: Schema, new: Schema, where: str, *, sent: bool) -> None:
        """Compare two schemas: the old must lie within the new if sent, else the new in the old."""
        was, now = self.old.schema(old), self.new.schema(new)
        pair = (json.dumps(old), json.dumps(new), sent)
        if "from" in was and "from" in now and pair in self.seen:
            return
        self.seen.add(pair)
        for kind, before, after in _escapes(was, now, sent=sent):
            self.found(where, kind, f"{before} → {after}")
        self.slots(members(was), members(now), where, sent=sent)
        for key in ("items", "additionalProperties"):
            inside = was.get(key, True), now.get(key, True)
            if any(isinstance(schema, dict) for schema in inside):
                self.schemas(*inside, f"{where}/*", sent=sent)
        self.branches(was["branches"] or [old], now["branches"] or [new], where, sent=sent)

    def branches(self, was: list[Json], now: list[Json], where: str, *, sent: bool) -> None:
        """Compare alternatives: each one inside must fit one outside."""
        if len(was) == len(now) == 1:
            return
        for one in was if sent else now:
            pairs = [(one, other) if sent else (other, one) for other in (now if sent else was)]
            if not any(self.fits(*pair, sent=sent) for pair in pairs):
                self.found(where, "alternative", "an alternative has no counterpart")

    def fits(self, old: Json, new: Json, *, sent: bool) -> bool:
        """Whether one alternative can stand for another."""
        trial = Comparison(self.old, self.new, set(self.seen))
        trial.schemas(old, new, "", sent=sent)
        return not trial.findings


def _escapes(was: Json, now: Json, *, sent: bool) -> Iterator[tuple[str, Any, Any]]:
    """Yield what lets a value of the inner schema fall outside the outer: kind, old and new."""
    inner, outer = (was, now) if sent else (now, was)
    beyond = inner["types"] - outer["types"]
    if "number" in outer["types"]:
        beyond -= {"integer"}
    if was["branches"] or now["branches"]:
        beyond &= {"null"}  # the alternatives say the rest
    if beyond:
        kind = "null" if beyond == {"null"} else "type"
        yield kind, "/".join(sorted(was["types"])), "/".join(sorted(now["types"]))
    if "enum" in outer and (sent or not was.get("x-extensible-enum")):
        values = [json.dumps(value) for value in outer["enum"]]
        if "enum" not in inner or any(json.dumps(value) not in values for value in inner["enum"]):
            yield "enum", was.get("enum", "any"), now.get("enum", "any")
    for key in sorted(outer.keys() & {*LIMITS, *EXACT}):
        if not _kept(key, inner.get(key), outer[key]):
            yield "limit", f"{key} {was.get(key, 'none')}", now.get(key, "none")
    gained = not sent and _closed(was) and members(now).keys() - members(was)
    if gained or (_closed(outer) and not _closed(inner)):
        before, after = ("closed" if _closed(one) else "open" for one in (was, now))
        yield "closed", before, f"{after} with {', '.join(sorted(gained))}" if gained else after
    if sent and was.get("default") != now.get("default"):
        yield "default", f"default {was.get('default')}", now.get("default")


def _kept(key: str, inner: Any, outer: Any) -> bool:
    """Whether the inner schema keeps a bound of the outer."""
    if key in EXACT:
        return not outer or inner == outer
    return inner is not None and LIMITS[key] * inner <= LIMITS[key] * outer


def _closed(schema: Json) -> bool:
    return schema.get("additionalProperties") is False


def _opens(held: Json, asked: Json) -> bool:
    """Whether what opened the old door opens the new one."""
    return all(name in held and set(scopes) <= set(held[name]) for name, scopes in asked.items())


def findings(old: Json, new: Json) -> list[Finding]:
    """Return every change from one document to the other that breaks a caller, in order."""
    comparison = Comparison(Side(old), Side(new), set())
    comparison.documents()
    return sorted(set(comparison.findings))


def main(paths: list[str]) -> int:
    """Compare the two files named; print what breaks."""
    try:
        old, new = (json.loads(Path(path).read_text(encoding="utf-8")) for path in paths)
        broken = findings(old, new)
    except (OSError, ValueError, LookupError) as problem:
        sys.stderr.write(f"usage: breaking.py OLD NEW ({type(problem).__name__}: {problem})\n")
        return 2
    sys.stdout.writelines(f"{line}\n" for line in [*broken, f"breaking changes: {len(broken)}"])
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
