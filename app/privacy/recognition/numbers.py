"""Identifiers that show by their form what they are, some by a check digit too."""

import re

from app.privacy.recognition.kinds import Certainty, Span, SpanKind, found
from app.privacy.recognition.reading import Reading, matches

TEN_DIGITS = re.compile(r"(?<![\w.])[0-9]{3}[ .-]?[0-9]{3}[ .-]?[0-9]{4}(?![0-9A-Za-z])")
NHS_CUE = re.compile(r"nhs\b[^0-9\n]{0,20}$", re.IGNORECASE)
UPN = re.compile(
    r"(?<!\w)[A-HJ-NP-RT-Z][ -]?(?:[0-9][ -]?){11}[0-9A-HJ-NP-RT-Z](?!\w)", re.IGNORECASE
)
UPN_CUE = re.compile(r"\bupn\b\W{0,12}$", re.IGNORECASE)
UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
NATIONAL_INSURANCE = re.compile(
    r"(?<!\w)(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
    r"[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D](?!\w)",
    re.IGNORECASE,
)
EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}(?![\w-])")
TELEPHONE = re.compile(
    r"(?<![\w/.-])(?:(?:\+|00)44[ .-]?(?:\(0\)[ .-]?)?|\(?0)[1-9](?:[ .()-]{0,2}[0-9]){8,9}(?![\w])"
)
FOREIGN = re.compile(r"(?<!\w)(?:\+|00)[1-9][0-9]{0,2}(?:[ .()-]{0,2}[0-9]){7,12}(?!\w)")
POSTCODE = re.compile(
    r"(?<!\w)(?:([A-Z]{1,2})[0-9][0-9A-Z]?[ \xa0-]{0,2}[0-9][ABD-HJLNP-UW-Z]{2}|GIR ?0AA)(?!\w)",
    re.IGNORECASE,
)
AREAS = frozenset(
    "AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN"
    " DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L"
    " LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE"
    " SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO"
    " ZE".split()
)
"""Postcode areas."""
FORMS = (
    (NATIONAL_INSURANCE, SpanKind.national_insurance_number),
    (TELEPHONE, SpanKind.telephone),
    (FOREIGN, SpanKind.telephone),
)


def find_numbers(reading: Reading) -> list[Span]:
    """Find the identifiers of a text, whoever has them."""
    text, parts = reading.text, reading.figures
    spans = [
        found(*match.span(), kind, Certainty.certain)
        for form, kind in FORMS
        for match in matches(form, text, parts)
    ]
    if "@" in text:
        kind, certainty = SpanKind.email, Certainty.certain
        spans += [found(*match.span(), kind, certainty) for match in EMAIL.finditer(text)]
    for match in matches(POSTCODE, text, parts):
        area = match.group(1)
        if area is None or area.upper() in AREAS:
            spans.append(found(*match.span(), SpanKind.postcode, Certainty.certain))
    return spans + _nhs_numbers(text, parts) + _pupil_numbers(text, parts)


def is_nhs_number(digits: str) -> bool:
    """Whether ten ASCII digits end in their check digit, modulo 11."""
    if len(digits) != 10 or not (digits.isascii() and digits.isdecimal()):  # noqa: PLR2004
        return False
    total = sum((10 - place) * int(digit) for place, digit in enumerate(digits[:9]))
    return (11 - total % 11) % 11 == int(digits[9])


def is_upn(value: str) -> bool:
    """Whether a unique pupil number, permanent or temporary, begins with its check letter."""
    digits = [UPN_LETTERS.find(sign) if sign.isalpha() else int(sign) for sign in value[1:]]
    total = sum((place + 2) * digit for place, digit in enumerate(digits))
    return value[0] == UPN_LETTERS[total % len(UPN_LETTERS)]


def _nhs_numbers(text: str, parts: list[tuple[int, int]]) -> list[Span]:
    spans: list[Span] = []
    for match in matches(TEN_DIGITS, text, parts):
        digits = re.sub(r"[^0-9]", "", match.group())
        if is_nhs_number(digits):
            spans.append(found(*match.span(), SpanKind.nhs_number, Certainty.certain))
        elif NHS_CUE.search(text, max(0, match.start() - 30), match.start()):
            spans.append(found(*match.span(), SpanKind.nhs_number, Certainty.likely))
    return spans


def _pupil_numbers(text: str, parts: list[tuple[int, int]]) -> list[Span]:
    spans: list[Span] = []
    for match in matches(UPN, text, parts):
        value = re.sub(r"[ -]", "", match.group()).upper()
        if is_upn(value):
            spans.append(found(*match.span(), SpanKind.upn, Certainty.certain))
        elif UPN_CUE.search(text, max(0, match.start() - 20), match.start()):
            spans.append(found(*match.span(), SpanKind.upn, Certainty.likely))
    return spans
