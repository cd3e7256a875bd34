"""Passwords: judged by how long they take to guess, kept as argon2id, worked on beside the loop."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from threading import Lock
from unicodedata import normalize

from fastapi_users.password import PasswordHelper
from zxcvbn import zxcvbn

from app.access.errors import WeakPassword
from app.errors import TooManyRequests

AT_A_TIME = 2
"""Hashes at a time: each takes 64 MiB and all of a core for a tenth of a second."""
LONGEST_QUEUE = 40
"""Who comes after so many is asked to come again."""
LENGTHS = range(12, 129)
"""Characters of a password, after normalisation."""
LEAST_SCORE = 3
"""Of 4: more than 10^8 guesses, by the estimate of zxcvbn."""
JUDGED = 32
"""Characters that are judged, for zxcvbn takes seconds over long ones. More can only be better."""
OBVIOUS = ("safeguarding", "children", "child", "board", "partnership", "framework", "audit")

_helper = PasswordHelper()
_judge = Lock()
"""zxcvbn keeps the words of a context in a global variable."""


class Hashing:
    """The few places where passwords are hashed and compared; everybody else queues."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_A_TIME)
        self._waiting = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold one of the places for the block. Raises `TooManyRequests` if the queue is long."""
        if self._waiting >= LONGEST_QUEUE:
            raise TooManyRequests(headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()

    async def verify(self, password: str, hashed: str) -> tuple[bool, str | None]:
        """Compare a password within a place; return also a better hash, if this one has aged.

        An empty hash fits nothing, and takes the same time to say so.
        """
        return await asyncio.to_thread(_verify, normalize("NFKC", password), hashed)

    async def hash(self, password: str, context: Iterable[str]) -> str:
        """Judge a new password and return its hash. Raises `WeakPassword`.

        `context` are names and addresses that a guess would begin with.
        """
        async with self.place():
            return await asyncio.to_thread(_hash, normalize("NFKC", password), [*context])


def _verify(password: str, hashed: str) -> tuple[bool, str | None]:
    if not hashed:
        _helper.hash(password)
        return False, None
    return _helper.verify_and_update(password, hashed)


def _hash(password: str, context: list[str]) -> str:
    words = [word for text in context for word in (text, *re.split(r"[\W_]+", text)) if word]
    with _judge:
        judged = zxcvbn(
            password[:JUDGED], user_inputs=[*OBVIOUS, *(word[:JUDGED] for word in words)]
        )
    if len(password) not in LENGTHS or judged["score"] < LEAST_SCORE:
        raise WeakPassword.at("/new_password")
    return _helper.hash(password)
