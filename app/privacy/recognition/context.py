"""Whether a word that is a name and an ordinary word stands for the person here."""

from app.privacy.recognition.kinds import Certainty
from app.privacy.recognition.lexicon import (
    ACRONYMS,
    COMMON,
    DOMAIN,
    MONTHS,
    STREET_TYPES,
    word_names,
)
from app.privacy.recognition.reading import Reading
from app.privacy.recognition.surroundings import (
    ADVERBS,
    AFTER_MODALS,
    BEFORE_MONTHS,
    BEFORE_PLACES,
    HOUSEHOLD,
    INSTITUTIONS,
    PERHAPS_BEFORE_MONTHS,
    VERBS,
    Place,
)
from app.privacy.recognition.vocabulary import Vocabulary

SHORTEST_NAME = 3
"""Letters below which a name is taken for a word."""
SPEAKING = frozenset("speak speaks spoke speaking in learn of".split())
"""Words before a language."""
RELATED = frozenset("who aged age her his their the and whose".split())
"""Words that follow a person and a comma."""
TWO_TENSES = frozenset("read set put let cut hurt".split())
"""Verbs that `may` and `will` have after them too."""
FOR_ALL = {True: Certainty.certain, False: Certainty.likely}


def judge(reading: Reading, first: int, last: int, vocabulary: Vocabulary) -> Certainty | None:
    """Say how sure it is that one registered word stands for a person; null for not."""
    place = Place(reading, first, last)
    if place.is_before(STREET_TYPES, vocabulary):
        return None
    if place.is_before(INSTITUTIONS, vocabulary):
        return Certainty.likely
    sort = word_names().get(place.key, "word" if len(place.key) < SHORTEST_NAME else "")
    return _judge_word(place, sort, vocabulary) if sort else Certainty.certain


def _judge_word(place: Place, sort: str, vocabulary: Vocabulary) -> Certainty | None:
    if sort == "place":
        away = place.previous.lower() in BEFORE_PLACES and not place.starts_sentence
        return FOR_ALL[place.is_possessive or not away]
    if place.text[0].islower():
        return FOR_ALL[True] if _is_lower_name(place, sort, vocabulary) else None
    if place.key in MONTHS or sort == "season":
        if _is_month(place, vocabulary):
            return None
        if _may_be_month(place):
            return Certainty.likely
    return _judge_capital(place, sort, vocabulary)


def _is_lower_name(place: Place, sort: str, vocabulary: Vocabulary) -> bool:
    """Whether a lower-case `will` or `may` does what only people do. No other is a name."""
    if sort != "modal":
        return False
    if (
        place.is_possessive
        or (place.starts_sentence and place.does_something)
        or place.next_word in VERBS - TWO_TENSES
    ):
        return True
    is_joined = place.next_word == "and" or (place.previous == "and" and place.does_something)
    return is_joined and place.is_beside_name(vocabulary)


def _is_month(place: Place, vocabulary: Vocabulary) -> bool:
    """Whether a capital is part of a date, or of a time."""
    previous = place.previous.lower()
    if place.next_word[:1].isdigit() and place.after in {" ", " '"}:
        return True
    if place.before not in {" ", "-", "/"}:
        return False
    if previous[:1].isdigit() or (previous in BEFORE_MONTHS and not place.is_possessive):
        return True
    behind = place.behind.key if place.behind else ""
    is_joined = previous in {"and", "to", "or"} and behind in MONTHS
    return is_joined and behind not in vocabulary.tags


def _may_be_month(place: Place) -> bool:
    previous = place.previous.lower()
    if place.before not in {" ", "-", "/"}:
        return False
    is_person = place.is_possessive or place.after[:1] == ","
    return previous in BEFORE_MONTHS or (previous in PERHAPS_BEFORE_MONTHS and not is_person)


def _judge_capital(place: Place, sort: str, vocabulary: Vocabulary) -> Certainty | None:
    is_loud = place.text.isupper() and len(place.text) > 1
    if is_loud and place.key in ACRONYMS:
        return Certainty.likely
    if (is_loud and not place.is_shouted) or place.is_beside_name(vocabulary):
        return Certainty.certain
    if place.starts_sentence or place.text.isupper():
        return _judge_start(place, sort)
    if place.is_in_title(vocabulary) or place.is_counted:
        return Certainty.likely
    if place.is_determined:
        return FOR_ALL[place.next_word.lower() in HOUSEHOLD or place.does_something]
    return FOR_ALL[sort != "tongue" or _is_no_language(place)]


def _is_no_language(place: Place) -> bool:
    """Whether French is no lesson, and Christian no faith."""
    if place.does_something:
        return True
    is_joint = place.next_word in COMMON - DOMAIN
    describes = place.after == " " and place.next_word.islower() and not is_joint
    return place.previous.lower() not in SPEAKING and not describes


def _judge_start(place: Place, sort: str) -> Certainty | None:
    """At the start of a sentence the capital says nothing; what follows must."""
    is_name = sort == "name" and not place.joins_next
    if place.does_something or place.is_quoted or is_name:
        return Certainty.certain
    follower = place.next_word.lower()
    if place.after.isspace():
        if sort == "modal":
            return None if follower in AFTER_MODALS else Certainty.likely
        return FOR_ALL[follower in ADVERBS or follower == "and"]
    if place.after[0:1] == ",":
        return FOR_ALL[follower in RELATED or not place.next_word[:1].islower()]
    return FOR_ALL[place.after[:1] != "-"]
