"""Mail with one-time links: invitations, and the way back for who forgot a password."""

from datetime import datetime
from time import time
from uuid import UUID

from app.access.caller import ActorSession
from app.access.links import Link, issue
from app.access.people import People
from app.access.sign_in import SignIn
from app.models.access import LinkPurpose
from app.services.mail import enqueue_mail

RESET_EVERY_S = 300
"""Least time between two mails about the same password."""

INVITATION = """Dear {name},

you have been invited to sign in to the safeguarding board's audit service.
Choose a password with this one-time token, which is good until {until}:

{token}

Enter it where you sign in, or send it to POST /v1/invitations/accept.
If you did not expect this message, leave it be: without the token nobody gets in.
"""

RESET = """Dear {name},

a new password was asked for in your name. This one-time token is good until {until}:

{token}

Enter it where you sign in, or send it to POST /v1/password-resets/confirm.
If it was not you, leave this message be: your password stays as it is.
"""


async def mail_invitation(
    db: ActorSession, secret_key: bytes, *, email: str, name: str, link: Link
) -> None:
    """Leave the mail with an invitation for the worker."""
    await enqueue_mail(
        db,
        secret_key,
        recipient=email,
        subject="Your invitation to the safeguarding board's audit service",
        body=INVITATION.format(name=name, token=link.token, until=_time(link.expires_at)),
        dedupe_key=f"invitation:{link.id}",
    )


async def invite_again(db: ActorSession, secret_key: bytes, user_id: UUID) -> tuple[Link, bool]:
    """Send a person another invitation; tell whether one was accepted before.

    For an invitation that expired, and for who has lost password and second factor alike.
    """
    row = await db.fetchrow("SELECT email, name, is_verified FROM users WHERE id = $1", user_id)
    assert row is not None  # noqa: S101 - whoever calls has read it
    link = await issue(db, user_id, LinkPurpose.invitation)
    await mail_invitation(db, secret_key, email=row["email"], name=row["name"], link=link)
    return link, row["is_verified"]


async def mail_reset(sign_in: SignIn, email: str) -> None:
    """Leave the mail with a password reset for the worker, if there is somebody to reset."""
    async with sign_in.service.transaction() as db:
        account = await People(db).find(email)
        if account is None or not account.is_active or not account.is_verified:
            return
        link = await issue(db, account.id, LinkPurpose.password_reset)
        await enqueue_mail(
            db,
            sign_in.secret_key,
            recipient=account.email,
            subject="A new password for the safeguarding board's audit service",
            body=RESET.format(name=account.name, token=link.token, until=_time(link.expires_at)),
            dedupe_key=f"password-reset:{account.id}:{int(time()) // RESET_EVERY_S}",
        )


def _time(moment: datetime) -> str:
    return f"{moment:%d %B %Y, %H:%M} UTC"
