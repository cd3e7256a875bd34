"""Identifiers with check digits: NHS numbers and unique pupil numbers."""

UPN_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
"""Check letters of a unique pupil number, by the remainder (I, O and S are left out)."""
NHS_DIGITS, UPN_LENGTH = 10, 13


def is_nhs_number(digits: str) -> bool:
    """Tell whether ten digits are an NHS number: the last is the check digit, modulo 11."""
    if len(digits) != NHS_DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    total = sum(
        int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False)
    )
    check = 11 - total % 11
    return int(digits[-1]) == (0 if check == 11 else check)  # noqa: PLR2004 - modulo 11


def is_upn(text: str) -> bool:
    """Tell whether thirteen characters are a unique pupil number: the first is the check letter.

    A temporary number ends with a letter, which counts as its place among the check letters.
    """
    if len(text) != UPN_LENGTH or not (text[1:12].isascii() and text[1:12].isdigit()):
        return False
    last = text[12]
    value = int(last) if last.isascii() and last.isdigit() else UPN_LETTERS.find(last)
    if value < 0:
        return False
    numbers = [*map(int, text[1:12]), value]
    total = sum(number * weight for number, weight in zip(numbers, range(2, 14), strict=True))
    return text[0] == UPN_LETTERS[total % 23]
