"""The word lists the product ships, for telling names from words (docs/data-sources.md)."""

import csv
from functools import cache
from importlib.resources import files

from app.privacy.recognition.folding import key

TITLES = frozenset(
    "mr mrs ms miss mx master dr prof professor rev reverend sir dame lady lord pc dc ds di dci dcs"
    " sgt sergeant constable inspector detective nurse sister auntie aunty aunt uncle nan nanny"
    " nana gran granny grandma grandad granddad cllr councillor judge".split()
)
"""Words before a name that belong to it."""
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ),
        start=1,
    )
    for name in names.split()
}
STREETS = (
    "street st road rd lane ln close cl avenue ave av drive dr way crescent cres court ct place pl"
    " gardens gdns grove gr terrace terr square sq row walk rise mews view hill park green mount"
    " parade path yard wharf croft field fields meadow meadows end gate circus vale"
    " approach broadway villas cottages chase drove lea leys garth wynd bank quay side piece"
)
STREET_TYPES = frozenset(STREETS.split())
STREET_NAMES = {
    "st": "street",
    "rd": "road",
    "ln": "lane",
    "cl": "close",
    "ave": "avenue",
    "av": "avenue",
    "dr": "drive",
    "cres": "crescent",
    "ct": "court",
    "pl": "place",
    "gdns": "gardens",
    "gr": "grove",
    "terr": "terrace",
    "sq": "square",
}
"""Short forms of street types, and the whole word."""
SCHOOL_TYPES = frozenset(
    "school academy college primary nursery infant infants junior juniors secondary grammar"
    " preschool playgroup kindergarten".split()
)
PARTICLES = frozenset(
    "van von der den de del della da di do dos du la le les el al ul bin bint ibn ben abu mac mc o"
    " d st st. ap ab y e ter ten zu".split()
)
"""Words inside names that name nobody when they stand alone."""
ACRONYMS = frozenset(
    "sw hv dv pc dc ds di dci gp la cp da it tv uk us eu ed am pm ok id pe re ra cv cd dvd ce rc"
    " sen ehc ehcp cin cla lac iro asd adhd nhs cse cce fgm iq ot hr vs eg ie nb fao asap cc dob"
    " na ns nn gcse as ks yo mo bf gf sms ict pru dsl nspcc lscb mash cafcass no so or on to in an"
    " at be by do go he if is me my of up we oh hi us ft sd sa sp st mr ms mx dr cic cps ae aka"
    " aso pnc pcn emas mp ba ma bsc fe he ey eyfs fsm ss bb ps pp pg ii iii iv vi vii xi ea ta tas"
    " ab ad bc eh ehm ewo fsw yot yos pod pss sena amh mh lo sh ht rn cpn tac taf tbc tba nfa nai"
    " hm ng tc vc fv nfv hom cme ctr omg lol gbh abh bme lgbt".split()
)
"""Capitals that are short for something else than a person."""


def _column(name: str, column: str) -> list[str]:
    with (files("app.reference") / "words" / f"{name}.csv").open(encoding="utf-8") as lines:
        return [row[column] for row in csv.DictReader(lines)]


def _keys(name: str, column: str) -> frozenset[str]:
    return frozenset(key(value) for value in _column(name, column))


@cache
def word_names() -> dict[str, str]:
    """Return the names that are ordinary words too, with the sort of word they are."""
    return dict(zip(_column("word_names", "word"), _column("word_names", "sort"), strict=True))


@cache
def short_forms() -> dict[str, frozenset[str]]:
    """Return what else somebody of a forename is called: short forms, and the forename in full."""
    forms: dict[str, set[str]] = {}
    for forename, written in zip(
        _column("nicknames", "forename"), _column("nicknames", "short_forms"), strict=True
    ):
        for form in written.split():
            forms.setdefault(forename, set()).add(form)
            forms.setdefault(form, set()).add(forename)
    return {name: frozenset(others) for name, others in forms.items()}


FORENAMES = _keys("forenames", "forename") | _keys("other_forenames", "forename")
SURNAMES = _keys("surnames", "surname")
DOMAIN = _keys("domain_words", "word")
"""Words of agencies, places, the calendar, the law and the work: capitals that name no person."""
COMMON = _keys("common_words", "word") | DOMAIN
