"""How far a name goes on: as long as one person bears all its words."""

from app.privacy.recognition.lexicon import COMMON, FORENAMES, PARTICLES, word_names
from app.privacy.recognition.names import DOTS, JOINTS, Name, Names
from app.privacy.recognition.vocabulary import Role, Tag

COMMAS = frozenset({", ", ",", " , "})
FAMILY = frozenset({Role.family, Role.particle})
GIVEN = frozenset({Role.given, Role.middle})
MOST_WORDS = 8


def grow(names: Names, name: Name) -> tuple[Name, int]:
    """Take in the words that follow a name; return it, and of how many parts it is."""
    count = 1
    while count < MOST_WORDS and (extension := _extension(names, name)):
        certainty = name.certainty.or_worse(extension.certainty)
        name = Name(name.first, extension.last, extension.tags, certainty)
        count += 1
    return name, count


def _extension(names: Names, name: Name) -> Name | None:
    """Return the next words of a name, with the tags that remain."""
    reading, following = names.reading, names.word(name.last + 1)
    if following is None or reading.after(name.last)[:2] == "'s":
        return None
    gap, beyond = reading.between(name.last), names.at(name.last + 1)
    if len(following.key) == 1 and (following.key not in PARTICLES or beyond is None):
        return _with_letter(names, name, gap)
    if gap not in JOINTS and gap not in COMMAS:
        return None
    if beyond is None:
        return _with_middle(names, name, gap)
    is_word = following.key in word_names() and following.key not in PARTICLES
    starts_lower = reading.words[name.first].text[0].islower()
    if is_word and following.text[0].islower() and not starts_lower:
        return None
    return _shared(name.tags, beyond, is_reversed=gap in COMMAS)


def _shared(tags: tuple[Tag, ...], name: Name, *, is_reversed: bool = False) -> Name | None:
    """Keep the tags of those who bear both; after a comma only given names follow a family name."""
    following = name.tags
    if is_reversed:
        tags = tuple(tag for tag in tags if tag.role in FAMILY)
        following = tuple(tag for tag in following if tag.role in GIVEN)
    persons = {tag.person for tag in tags} & {tag.person for tag in following}
    kept = tuple(tag for tag in {*tags, *following} if tag.person in persons)
    return name._replace(tags=kept) if kept else None


def _with_letter(names: Names, name: Name, gap: str) -> Name | None:
    """Take in the initial of `Vinnie J Lowe`, or of `Lowe, V.`."""
    at = name.last + 1
    if not names.reading.words[at].text.isupper():
        return None
    beyond = names.at(at + 1)
    if beyond and gap in JOINTS and names.reading.between(at) in DOTS:
        shared = _shared(name.tags, beyond)
        if shared:
            return shared
    return _with_initial(names, name, gap)


def _with_initial(names: Names, name: Name, gap: str) -> Name | None:
    """Take in the initial after a family name, unless it may be the article or the pronoun."""
    at = name.last + 1
    letter = names.reading.words[at].key
    is_plain = gap == ", " or letter not in "ai" or names.reading.after(at)[:1] == "."
    if gap not in {" ", ", "} or not is_plain or any(tag.role not in FAMILY for tag in name.tags):
        return None
    firsts = names.vocabulary.first_letters
    kept = tuple(tag for tag in name.tags if letter in firsts[tag.person])
    return Name(at, at, kept) if kept else None


def _with_middle(names: Names, name: Name, gap: str) -> Name | None:
    """Take in `Vinnie James Lowe`, where nobody has registered James."""
    at = name.last + 1
    middle, beyond = names.reading.words[at], names.at(at + 1)
    is_name = middle.is_capitalised and middle.key in FORENAMES and middle.key not in COMMON
    if not is_name or beyond is None or {gap, names.reading.between(at)} != {" "}:
        return None
    return _shared(name.tags, beyond)
