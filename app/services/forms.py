"""What an audit asks, and whether an answer fits it. Loaded once in a transaction."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from app.access.caller import ActorSession
from app.broken_rules import RULES
from app.errors import NotFound, ProblemError
from app.models.instruments import AnswerType
from app.schemas.answers import AnswerWrite, ModeratedAnswer
from app.services.responses import Draft

SENTENCES: Mapping[str, str] = {
    "unknown_question": "The audit asks no question of this code.",
    "duplicate_question": "The question comes twice.",
    "not_put_to_this_agency": "The audit does not put this question to this agency.",
    "unknown_grade": "Not a grade of the audit's scale.",
    "takes_no_grade": "This question is answered with a value, not with a grade.",
    "takes_no_value": "This question is answered with a grade, not with a value.",
    "wrong_type": RULES["wrong_type"],
    "out_of_range": "Outside the bounds of this question.",
    "not_applicable_needs_reason": "Say why the question does not apply.",
    "not_applicable_is_no_answer": "A question that does not apply has no grade and no value.",
    "carried_forward": "Confirm or change the answer carried forward from the audit before.",
    "unanswered": "Answer the question, or say why it does not apply.",
    "evidence_missing": "Send a file, or say in the narrative how the agency knows.",
    "improvement_incomplete": "An improvement needs the post that leads it and the day it is due.",
    "not_answered": "The agency gave no answer to this question.",
    "same_person": "Who signs it off is not who completed it.",
    "missing": RULES["missing"],
    "not_retrospective": "Only a retrospective audit takes a day other than today.",
    "too_early": "Before the audit opened.",
    "too_late": "That day has not come.",
}
"""What a return can break or lack besides its schema, by code."""

FORM = """
SELECT a.id, a.opens_on, a.due_on, a.is_retrospective,
    (SELECT array_agg(v.code) FROM instruments i JOIN grade_values v
     ON v.scale_id = i.grade_scale_id WHERE i.id = a.instrument_id) AS grades,
    (SELECT json_agg(json_build_object('id', q.id, 'code', q.code, 'answer_type', q.answer_type,
        'is_mandatory', q.is_mandatory, 'sectors', q.sectors, 'duty_bases', q.duty_bases,
        'number_rule', q.number_rule))::text
     FROM questions q WHERE q.instrument_id = a.instrument_id) AS questions
FROM audits a WHERE a.id = $1
"""


@dataclass(frozen=True, slots=True)
class FormQuestion:
    """A question of an audit. `sectors` and `duty_bases`: whom it is put to; null for all."""

    id: UUID
    code: str
    answer_type: AnswerType
    is_mandatory: bool
    sectors: list[str] | None
    duty_bases: list[str] | None
    number_rule: dict[str, Any] | None

    def is_put_to(self, draft: Draft) -> bool:
        """Tell whether the agency of a response has to answer."""
        return (self.sectors is None or draft.sector in self.sectors) and (
            self.duty_bases is None or not set(self.duty_bases).isdisjoint(draft.duty_bases)
        )

    def refusals(self, answer: AnswerWrite, grades: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with an answer: the member, and the rule by its code."""
        if answer.is_not_applicable:
            if answer.not_applicable_reason is None:
                yield "not_applicable_reason", "not_applicable_needs_reason"
            if answer.grade is not None or answer.value is not None:
                yield "is_not_applicable", "not_applicable_is_no_answer"
        elif self.answer_type == AnswerType.grade:
            if answer.value is not None:
                yield "value", "takes_no_value"
            if answer.grade is not None and answer.grade not in grades:
                yield "grade", "unknown_grade"
        else:
            if answer.grade is not None:
                yield "grade", "takes_no_grade"
            if answer.value is not None and (code := self._refusal(answer.value)):
                yield "value", code

    def _refusal(self, value: float | str) -> str | None:
        """Return the rule that a value breaks; null if it fits. `True` and `False` are values."""
        match self.answer_type, value:
            case AnswerType.yes_no, bool():
                return None
            case AnswerType.number, int() | float() if not isinstance(value, bool):
                rule = self.number_rule or {}
                low, high = rule.get("minimum"), rule.get("maximum")
                is_within = (low is None or value >= low) and (high is None or value <= high)
                return None if is_within else "out_of_range"
            case AnswerType.text, str():
                return None
            case AnswerType.date, str() if _is_day(value):
                return None
        return "wrong_type"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class AuditForm:
    """An audit's dates, its questions by code, and the grades of its scale."""

    audit_id: UUID
    opens_on: date
    due_on: date
    is_retrospective: bool
    grades: frozenset[str]
    questions: dict[str, FormQuestion]

    @classmethod
    async def load(cls, db: ActorSession, audit_id: UUID) -> "AuditForm":
        """Return the form of an audit, read once in a transaction. Raises `NotFound`."""
        loaded: dict[UUID, AuditForm] = db.info.setdefault("forms", {})
        if audit_id not in loaded:
            row = await db.fetchrow(FORM, audit_id)
            if row is None:
                raise NotFound
            questions = [_question(**each) for each in json.loads(row["questions"] or "[]")]
            loaded[audit_id] = cls(
                audit_id=row["id"],
                opens_on=row["opens_on"],
                due_on=row["due_on"],
                is_retrospective=row["is_retrospective"],
                grades=frozenset(row["grades"] or ()),
                questions={each.code: each for each in questions},
            )
        return loaded[audit_id]

    def put_to(self, draft: Draft) -> list[FormQuestion]:
        """Return the questions that the agency of a response has to answer."""
        return [each for each in self.questions.values() if each.is_put_to(draft)]

    def errors(self, draft: Draft, answers: Sequence[AnswerWrite]) -> list[ProblemError]:
        """Return what is wrong with answers, by their place in the body."""
        found = self.unknown("answers", answers)
        for n, answer in enumerate(answers):
            question = self.questions.get(answer.question)
            if question is None:
                continue
            if not question.is_put_to(draft):
                found.append(refusal(f"/answers/{n}/question", "not_put_to_this_agency"))
            found += [
                refusal(f"/answers/{n}/{member}", code)
                for member, code in question.refusals(answer, self.grades)
            ]
        return found

    def moderation_errors(self, grades: Sequence[ModeratedAnswer]) -> list[ProblemError]:
        """Return what is wrong with moderated grades, by their place in the body."""
        return self.unknown("grades", grades) + [
            refusal(f"/grades/{n}/moderated_grade", "unknown_grade")
            for n, each in enumerate(grades)
            if each.moderated_grade is not None and each.moderated_grade not in self.grades
        ]

    def unknown(
        self, member: str, items: Sequence[AnswerWrite | ModeratedAnswer]
    ) -> list[ProblemError]:
        """Return which items of a member name no question, or one that comes twice."""
        times = Counter(item.question for item in items)
        return [
            refusal(f"/{member}/{n}/question", code)
            for n, item in enumerate(items)
            for code, applies in (
                ("unknown_question", item.question not in self.questions),
                ("duplicate_question", times[item.question] > 1),
            )
            if applies
        ]


def _question(id: str, answer_type: str, **members: Any) -> FormQuestion:
    return FormQuestion(id=UUID(id), answer_type=AnswerType(answer_type), **members)


def refusal(pointer: str, code: str) -> ProblemError:
    """Describe what is wrong at one place of a body."""
    return ProblemError(location="body", pointer=pointer, code=code, detail=SENTENCES[code])
