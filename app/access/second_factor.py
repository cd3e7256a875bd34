"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and codes for its loss.

A code is good once: the step it belongs to is kept. The seed is sealed, recovery codes are kept
as keyed hashes, both under keys that are not in the database.
"""

import hmac
import secrets
from base64 import b32encode
from dataclasses import dataclass
from hashlib import sha256
from time import time

from pyotp import TOTP, random_base32

from app.access.caller import ActorSession
from app.access.sealing import seal, unseal
from app.access.tokens import derived_key
from app.models.access import Account

STEP_S = 30
WINDOW = (0, -1, 1)
"""Steps to look at, from the present one: clocks of telephones go wrong."""
RECOVERY_CODES = 10
ISSUER = "Safeguarding Board"
"""What an authenticator app shows beside the address."""

ACCEPT_STEP = """
UPDATE credentials SET totp_last_step = $2
WHERE id = $1 AND coalesce(totp_last_step, 0) < $2 RETURNING id
"""
ACCEPT_RECOVERY = """
UPDATE credentials SET recovery_hashes = array_remove(recovery_hashes, $2)
WHERE id = $1 AND $2 = ANY (recovery_hashes) RETURNING id
"""
PROPOSE = "UPDATE credentials SET totp_secret = $2, totp_last_step = NULL WHERE id = $1"
CONFIRM = "UPDATE credentials SET recovery_hashes = $2 WHERE id = $1"
REMOVE = """
UPDATE credentials SET totp_secret = NULL, totp_last_step = NULL, recovery_hashes = '{}'
WHERE id = $1
"""
FLAG = """
UPDATE users SET has_second_factor = $2 WHERE id = $1 AND has_second_factor <> $2
"""


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The second factor of a person."""

    secret_key: bytes
    account: Account

    async def propose(self, db: ActorSession) -> str:
        """Keep a new seed, to be confirmed by its first code; return its provisioning URI."""
        seed = random_base32()
        sealed = seal(self._key("totp"), seed.encode(), self.account.id.bytes)
        await db.fetchrow(PROPOSE, self.account.id, sealed)
        return TOTP(seed).provisioning_uri(name=self.account.email, issuer_name=ISSUER)

    async def confirm(self, db: ActorSession) -> list[str]:
        """Ask for the second factor from now on; return the recovery codes, known only now."""
        codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
        await db.fetchrow(CONFIRM, self.account.id, [self._recovery_hash(code) for code in codes])
        await db.fetchrow(FLAG, self.account.id, True)
        return codes

    async def remove(self, db: ActorSession) -> None:
        """Do without a second factor from now on."""
        await db.fetchrow(REMOVE, self.account.id)
        await db.fetchrow(FLAG, self.account.id, False)

    async def accepts(
        self, db: ActorSession, totp_code: str | None, recovery_code: str | None = None
    ) -> bool:
        """Tell whether a code is right and new, and use it up."""
        if totp_code is not None:
            step = self._step_of(totp_code)
            return step is not None and bool(await db.fetchrow(ACCEPT_STEP, self.account.id, step))
        if recovery_code is None:
            return False
        hashed = self._recovery_hash(recovery_code)
        return bool(await db.fetchrow(ACCEPT_RECOVERY, self.account.id, hashed))

    def _step_of(self, code: str) -> int | None:
        """Return the step a code belongs to; null if it belongs to none of the window."""
        if self.account.totp_secret is None:
            return None
        place = self.account.id.bytes
        totp = TOTP(unseal(self._key("totp"), self.account.totp_secret, place).decode())
        now = int(time()) // STEP_S
        steps = (now + offset for offset in WINDOW)
        return next((s for s in steps if hmac.compare_digest(totp.generate_otp(s), code)), None)

    def _recovery_hash(self, code: str) -> str:
        bare = code.replace("-", "").upper().encode()
        return hmac.digest(self._key("recovery"), self.account.id.bytes + bare, sha256).hex()

    def _key(self, purpose: str) -> bytes:
        return derived_key(self.secret_key, purpose)


def _new_recovery_code() -> str:
    """Make a code of 80 bits in four groups of letters and digits."""
    text = b32encode(secrets.token_bytes(10)).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
