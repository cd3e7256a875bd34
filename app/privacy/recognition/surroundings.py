"""Where a word stands: what is before and after it, and what that says."""

import re

from app.privacy.recognition.lexicon import DOMAIN
from app.privacy.recognition.reading import Reading, Word
from app.privacy.recognition.vocabulary import Vocabulary

SENTENCE_END = re.compile(r'[.!?:;\n"•*>]|^$')
VERBS = frozenset(
    "told said says was is has had did does went came left saw met took gave made got ran felt"
    " spoke began kept wrote knew thought brought became lives attends did didn does doesn isn wasn"
    " hasn hadn tells goes comes wants likes feels thinks knows takes needs stays plays sleeps"
    " shares appears presents remains reports states denies struggles understands enjoys understood"
    " hit bit fell hid slept woke ate drank lost found broke threw stood sat held swore rang sent"
    " shook spent stole taught tore wore drove flew grew chose hurt cut put let read set paid heard"
    " sold won bought fought sought caught couldn wouldn shouldn can could would should might must"
    " will may cries shouts returns".split()
)
"""What a person does or did; past tenses that end in -ed need no list."""
NO_VERBS = frozenset("need indeed speed seed feed weed red bed shed exceed proceed".split())
ADVERBS = frozenset(
    "also then often never always still later again now soon only just sometimes usually".split()
)
DETERMINERS = frozenset(
    "the a an this these those his her its their our my your no any every some each such"
    " more most".split()
)
HOUSEHOLD = frozenset("family household children siblings brothers sisters parents twins".split())
BEFORE_MONTHS = frozenset(
    "in since during early late mid last next this each every between until till through".split()
)
PERHAPS_BEFORE_MONTHS = frozenset("of from for by before after".split())
BEFORE_PLACES = frozenset("in near via outside around".split())
RELATIONS = frozenset(
    "siblings sibling child children mother father mum dad brother brothers sister sisters twin"
    " twins parents parent partner son daughter baby grandmother grandfather cousin stepfather"
    " stepmother aunt uncle guardian carer officer worker visitor teacher headteacher doctor nurse"
    " midwife practitioner solicitor chair judge manager consultant psychologist psychiatrist"
    " paediatrician coordinator sergeant inspector detective constable barrister gp".split()
)
"""Words before which a name often stands."""
INSTITUTIONS = frozenset(
    "house hospital centre center clinic surgery church trust ward unit hall foundation hostel"
    " police council team service services charity refuge court club".split()
)
AFTER_MODALS = frozenset(
    "be have not the a an he she they it you we i this that there these those need also only any"
    " his her their our my your no all mum dad".split()
)


class Place:
    """A word, or words, in their surroundings. Words beyond the text are empty."""

    __slots__ = ("after", "before", "behind", "beyond", "key", "next_word", "previous", "text")

    def __init__(self, reading: Reading, first: int, last: int) -> None:
        words = reading.words
        self.text = words[first].text
        self.key = words[first].key
        self.previous = words[first - 1].text if first else ""
        self.behind: Word | None = words[first - 2] if first > 1 else None
        self.next_word = words[last + 1].text if last + 1 < len(words) else ""
        self.beyond: Word | None = words[last + 2] if last + 2 < len(words) else None
        self.before = reading.before(first)
        self.after = reading.after(last)

    @property
    def starts_sentence(self) -> bool:
        """Whether any word would have a capital here."""
        return not self.previous or bool(SENTENCE_END.search(self.before))

    @property
    def is_possessive(self) -> bool:
        """Whether an apostrophe follows."""
        return self.after[:1] == "'"

    @property
    def is_quoted(self) -> bool:
        """Whether the word stands alone between quotes."""
        return self.before.endswith('"') and self.after.lstrip(".,")[:1] == '"'

    @property
    def does_something(self) -> bool:
        """Whether a verb of persons follows, or something a person owns, or an aside."""
        if not self.after.isspace():
            return self.is_possessive or self.after.lstrip(" ")[:1] == "("
        verb = self.next_word.split("'")[0]
        return verb in VERBS or (verb.endswith("ed") and verb not in NO_VERBS and verb.islower())

    @property
    def joins_next(self) -> bool:
        """Whether a capital follows directly, as in the name of a house."""
        return self.after == " " and self.next_word[:1].isupper()

    @property
    def is_shouted(self) -> bool:
        """Whether the words beside are in capitals too."""
        beside = [word for word in (self.previous, self.next_word) if word]
        return any(word.isupper() and len(word) > 1 and word.isalpha() for word in beside)

    @property
    def is_determined(self) -> bool:
        """Whether an article or the like stands before."""
        return self.before == " " and self.previous.lower() in DETERMINERS

    @property
    def is_counted(self) -> bool:
        """Whether a number follows, as in Ward 5."""
        return self.after == " " and self.next_word[:1].isdigit()

    def is_beside_name(self, vocabulary: Vocabulary) -> bool:
        """Whether a registered capital stands on the other side of `and`."""
        for joint, other in ((self.next_word, self.beyond), (self.previous, self.behind)):
            if joint == "and" and other and other.is_capitalised and other.key in vocabulary.tags:
                return True
        return False

    def is_in_title(self, vocabulary: Vocabulary) -> bool:
        """Whether capitals beside make one title with the word, as in Short Breaks Team."""
        if self.joins_next and self.next_word.lower() not in vocabulary.tags:
            return True
        previous = self.previous.lower()
        is_title = self.before == " " and self.previous[:1].isupper() and previous in DOMAIN
        return is_title and previous not in RELATIONS

    def is_before(self, followers: frozenset[str], vocabulary: Vocabulary) -> bool:
        """Whether capitals go on with one of some words, which is nobody's name."""
        follower = self.next_word.lower()
        is_joined = self.joins_next and self.text[0].isupper()
        return is_joined and follower in followers and follower not in vocabulary.tags
