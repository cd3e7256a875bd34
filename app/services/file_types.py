"""What a file is: by its content, never by what its sender says. Few types are taken."""

from io import BytesIO
from pathlib import PurePath
from typing import IO
from unicodedata import category, normalize
from zipfile import BadZipFile, ZipFile

import filetype

from app.errors import Invalid, ProblemError, UnsupportedMediaType

OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
TYPES = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "txt": "text/plain",
    "csv": "text/csv",
    "docx": f"{OFFICE}.wordprocessingml.document",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet",
    "pptx": f"{OFFICE}.presentationml.presentation",
    "odt": f"{OPEN_DOCUMENT}.text",
    "ods": f"{OPEN_DOCUMENT}.spreadsheet",
    "odp": f"{OPEN_DOCUMENT}.presentation",
}
"""Media types that are taken, by extension. None of them carries macros."""
MAIN_PARTS = {
    "word/document.xml": TYPES["docx"],
    "xl/workbook.xml": TYPES["xlsx"],
    "ppt/presentation.xml": TYPES["pptx"],
}
BY_SIGNATURE = frozenset({"application/pdf", "image/png", "image/jpeg"})
TEXT = frozenset({"text/plain", "text/csv"})
LINE_BREAKS = "\t\n\r\f"
LONGEST_NAME = 120


class UnsupportedFile(UnsupportedMediaType):
    """Files of this type are not taken. Office files must not hold macros."""

    code = "unsupported_file"


class FileMismatch(Invalid):
    """The content of the file is not what the ending of its name says."""

    code = "file_mismatch"


def media_type_of(content: bytes, file_name: str) -> str:
    """Return the media type of a file. Raises `UnsupportedFile` and `FileMismatch`."""
    expected = TYPES.get(PurePath(file_name).suffix.lower().removeprefix("."))
    found = _by_content(content)
    if expected is None or found is None:
        raise UnsupportedFile
    if found == expected or (found in TEXT and expected in TEXT):
        return expected
    raise FileMismatch(
        ProblemError(
            location="body", pointer="/file", code=FileMismatch.code, detail=FileMismatch.detail
        )
    )


def _by_content(content: bytes) -> str | None:
    """Return what the content is; null for what is not taken."""
    if content.startswith(b"PK"):
        return _in_zip(BytesIO(content))
    signed: str | None = filetype.guess_mime(content[:8192])
    if signed is not None:
        return signed if signed in BY_SIGNATURE else None
    return "text/plain" if _is_text(content) else None


def _in_zip(archive: IO[bytes]) -> str | None:
    """Return what kind of office file an archive is, by its parts; unpacks none but one name."""
    try:
        with ZipFile(archive) as parts:
            names = set(parts.namelist())
            if any(
                name.lower().endswith("vbaproject.bin") or "/Basic/" in f"/{name}" for name in names
            ):
                return None
            if "mimetype" in names:
                with parts.open("mimetype") as declared:
                    kind = declared.read(100).decode("ascii", "replace").strip()
                return kind if kind in TYPES.values() else None
    except (BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError):
        return None
    if "[Content_Types].xml" not in names:
        return None
    return next((kind for part, kind in MAIN_PARTS.items() if part in names), None)


def _is_text(content: bytes) -> bool:
    """Tell whether bytes are text: UTF-8, or as older spreadsheets write it, without controls."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            return False
    return not any(category(char) == "Cc" and char not in LINE_BREAKS for char in set(text))


def safe_name(name: str) -> str:
    """Make a file name safe to store and send back: no path, no control or format characters."""
    last = normalize("NFC", name).replace("\\", "/").rpartition("/")[2][-255:]
    kept = "".join(char for char in last if char not in '<>:"|?*' and not _is_unseen(char))
    stem, dot, ending = kept.rpartition(".")
    return (stem.strip(" .")[: LONGEST_NAME - len(ending)] or "file") + dot + ending.strip()


def _is_unseen(char: str) -> bool:
    """Tell whether a character is for control, format, private use, or ends a line."""
    return category(char)[0] == "C" or category(char) in {"Zl", "Zp"}
