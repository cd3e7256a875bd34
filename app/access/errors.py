"""What is refused to those who sign in, beside what `app.errors` says of everybody."""

from app.errors import Conflict, Forbidden, Unauthenticated


class InvalidCredentials(Unauthenticated):
    """The e-mail address, the password or the code is wrong, or the account may not sign in."""

    code = "invalid_credentials"


class SecondFactorRequired(Unauthenticated):
    """The password is right. Send it again, with `totp_code` or `recovery_code`."""

    code = "second_factor_required"


class ProofRefused(Forbidden):
    """The password or the code is wrong, or the code was used before."""

    code = "proof_refused"


class InvalidLink(Forbidden):
    """The one-time token is wrong, was used, or has expired. Ask for a new one."""

    code = "invalid_link"


class WeakPassword(Conflict):
    """The password is too easy to guess. Take several words that nobody would expect together."""

    code = "weak_password"


class SecondFactorExists(Conflict):
    """There is a second factor already. Remove it first."""

    code = "second_factor_exists"


class NoSecondFactor(Conflict):
    """There is no second factor to do this with. Set one up first."""

    code = "no_second_factor"


class TooManySecrets(Conflict):
    """Two secrets are live. Revoke one, or wait until the older has expired."""

    code = "too_many_secrets"
