"""Where learning comes from: kinds of sources and their areas (Framework figure 3).

The area says what a source can tell: numbers, what people say and do, or how the Board works.
"""

SOURCE_AREAS: dict[str, str] = {
    "indicator": "data",
    "s11": "qualitative",
    "s175": "qualitative",
    "maca": "qualitative",
    "eha_audit": "qualitative",
    "single_agency_audit": "qualitative",
    "thematic_audit": "qualitative",
    "case_review": "qualitative",
    "cdop": "qualitative",
    "survey_children": "qualitative",
    "survey_families": "qualitative",
    "survey_practitioners": "qualitative",
    "forum": "qualitative",
    "training_evaluation": "business",
    "training_return": "business",
    "assurance_report": "business",
    "agency_annual_report": "business",
    "subgroup_annual_report": "business",
    "inspection": "business",
    "complaint_compliment": "qualitative",
    "deep_dive": "data",
    "national_research": "qualitative",
    "neighbour_learning": "qualitative",
    "jsna": "data",
}
"""The area of every kind: `data`, `qualitative` or `business`."""

SOURCE_TABLES: dict[str, str] = {
    "s11": "audits",
    "s175": "audits",
    "maca": "audits",
    "eha_audit": "audits",
    "single_agency_audit": "audits",
    "thematic_audit": "audits",
    "case_review": "case_reviews",
    "forum": "practitioner_forums",
    "national_research": "external_reviews",
    "neighbour_learning": "external_reviews",
}
"""The table of the kinds that are records here; the source of another kind has a title only."""


def area_sql(column: str) -> str:
    """Return the SQL expression of the area of the kind that a column holds."""
    cases = " ".join(f"WHEN '{kind}' THEN '{area}'" for kind, area in SOURCE_AREAS.items())
    return f"CASE {column} {cases} END"
