"""The recovery file of keys, and the `safeguarding keys` command that writes and reads it."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from app.commands import keys
from app.installation import SetupError
from app.privacy.keys import KeyProviderError, NotByProvider
from app.privacy.keys.keyring import Keyring
from app.privacy.keys.recovery import read_private_key, recovered, recovery_text
from app.secret_files import SecretFileError

ROOT = Path(__file__).parent.parent
RING = Keyring(2, {1: bytes(range(32)), 2: bytes(range(1, 33))})
PASSPHRASE = "seven lamps for a quiet harbour"


class Holder:
    """Somebody who keeps a recovery key, in two files."""

    def __init__(self, directory: Path, name: str, passphrase: str | None = None) -> None:
        self.key = X25519PrivateKey.generate()
        self.public, self.private = directory / f"{name}.pem", directory / f"{name}.key"
        sealing: KeySerializationEncryption = NoEncryption()
        if passphrase:
            sealing = BestAvailableEncryption(passphrase.encode())
        self.public.write_bytes(public_pem(self.key.public_key()))
        self.private.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealing))
        self.private.chmod(0o600)


def public_pem(key: X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture
def ann(tmp_path: Path) -> Holder:
    """Ann, whose private key needs no passphrase."""
    return Holder(tmp_path, "ann")


@pytest.fixture
def ben(tmp_path: Path) -> Holder:
    """Ben, whose private key needs one."""
    return Holder(tmp_path, "ben", PASSPHRASE)


@pytest.fixture
def key_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of keys of an installation that has some."""
    path = tmp_path / "keys" / "keys.json"
    path.parent.mkdir()
    path.write_text(RING.text())
    path.chmod(0o600)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("KEY_FILE", str(path))
    return path


def run(*words: object, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run `safeguarding keys`."""
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "app.cli", "keys", *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
        input=typed,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_each_recipient_alone_opens_the_file_and_nobody_else(ann: Holder, ben: Holder) -> None:
    text = recovery_text(RING, [ann.key.public_key(), ben.key.public_key()])

    assert recovered(text, ann.key).keys == RING.keys
    assert recovered(text, ben.key).current == 2
    with pytest.raises(KeyProviderError, match="not for this private key"):
        recovered(text, X25519PrivateKey.generate())
    assert not [key for key in RING.keys.values() if key.hex() in text]


def test_two_files_of_the_same_keys_have_nothing_secret_in_common(ann: Holder, ben: Holder) -> None:
    recipients = [ann.key.public_key(), ben.key.public_key()]
    files = [json.loads(recovery_text(RING, recipients)) for _ in range(2)]
    boxes = [box for file in files for box in file["boxes"]]

    assert len({box["ephemeral"] for box in boxes}) == 4
    assert len({box["sealed"] for box in boxes}) == 4


@pytest.mark.parametrize("member", ["ephemeral", "sealed"])
def test_a_changed_file_does_not_open(ann: Holder, ben: Holder, member: str) -> None:
    file = json.loads(recovery_text(RING, [ann.key.public_key(), ben.key.public_key()]))
    mine, other = file["boxes"]

    for changed in (other[member], "00" * 32, "00" * 31, mine[member][:-2]):
        text = json.dumps({**file, "boxes": [{**mine, member: changed}, other]})
        with pytest.raises(KeyProviderError, match="was changed") as refused:
            recovered(text, ann.key)
        assert refused.value.__context__ is None


def test_what_is_no_recovery_file_is_refused(ann: Holder, ben: Holder) -> None:
    whole = recovery_text(RING, [ann.key.public_key(), ben.key.public_key()])

    for text in ("", "{}", whole[:-10], whole.replace("recovery-1", "recovery-2"), RING.text()):
        with pytest.raises(KeyProviderError, match="not a recovery file"):
            recovered(text, ann.key)


def test_fewer_than_two_recipients_are_refused(ann: Holder) -> None:
    public_key = ann.key.public_key()

    with pytest.raises(KeyProviderError, match="needs two recipients"):
        recovery_text(RING, [public_key])
    with pytest.raises(KeyProviderError, match="have the same key"):
        recovery_text(RING, [public_key, public_key])


def test_a_key_that_everybody_holds_is_refused(ann: Holder) -> None:
    nobody = X25519PublicKey.from_public_bytes(bytes(32))

    with pytest.raises(KeyProviderError, match="not one that anybody holds"):
        recovery_text(RING, [ann.key.public_key(), nobody])


def test_lost_keys_come_back_by_one_recipient(
    ann: Holder, ben: Holder, key_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = key_path.with_name("recovery.json")
    keys.list_versions(as_json=True)
    keys.export(recipient=[ann.public, ben.public], output=output, as_json=True)
    listed, exported = map(json.loads, capsys.readouterr().out.splitlines())
    key_path.unlink()

    restored = run(
        *("restore", "--recovery", output, "--private-key", ben.private),
        *("--passphrase-stdin", "--json"),
        typed=f"{PASSPHRASE}\n",
    )

    assert exported["versions"] == [1, 2]
    assert json.loads(restored.stdout) == {"key_file": str(key_path), "versions": [1, 2]}
    assert stat.S_IMODE(key_path.stat().st_mode) == stat.S_IMODE(output.stat().st_mode) == 0o600
    assert key_path.read_text() == RING.text()
    assert [each["is_current"] for each in listed] == [False, True]
    shown = restored.stdout + restored.stderr + repr((exported, listed))
    assert not [key for key in RING.keys.values() if key.hex() in shown]


def test_a_refusal_is_one_sentence_and_status_2(ann: Holder, key_path: Path) -> None:
    output = key_path.with_name("recovery.json")

    refused = run("export", "--recipient", ann.public, "--output", output)

    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1
    assert "needs two recipients" in refused.stderr
    assert not output.exists()


def test_a_key_file_that_is_there_is_not_written_over(
    ann: Holder, ben: Holder, key_path: Path
) -> None:
    recovery = key_path.with_name("recovery.json")
    keys.export(recipient=[ann.public, ben.public], output=recovery)
    key_path.write_text(other := Keyring.first().text())

    with pytest.raises(NotByProvider, match="stays as it is"):
        keys.restore(recovery=recovery, private_key=ann.private)
    with pytest.raises(SetupError, match="stays as it is"):
        keys.export(recipient=[ann.public, ben.public], output=recovery)

    assert key_path.read_text() == other


def test_a_private_key_is_no_recipient_and_must_be_closed_to_others(
    ann: Holder, ben: Holder, key_path: Path
) -> None:
    recovery = key_path.with_name("recovery.json")
    with pytest.raises(KeyProviderError, match="A recipient is an X25519 public key"):
        keys.export(recipient=[ann.public, ben.private], output=recovery)
    keys.export(recipient=[ann.public, ben.public], output=recovery)
    key_path.unlink()

    ann.private.chmod(0o644)
    with pytest.raises(SecretFileError, match="open to other users"):
        keys.restore(recovery=recovery, private_key=ann.private)

    assert not key_path.exists()


def test_a_private_key_of_another_kind_or_passphrase_is_refused(ben: Holder) -> None:
    signing = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )

    for pem, passphrase in [
        (signing, None),
        (b"", None),
        (ben.private.read_bytes(), None),
        (ben.private.read_bytes(), "another"),
    ]:
        with pytest.raises(KeyProviderError, match="must be X25519") as refused:
            read_private_key(pem, passphrase)
        assert refused.value.__context__ is None


def test_keys_in_vault_are_not_exported(
    ann: Holder, ben: Holder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSIT_ADDRESS", "https://127.0.0.1:8200")
    monkeypatch.setenv("TRANSIT_TOKEN", "hvs.token")

    with pytest.raises(SetupError, match="Vault does not give its keys out"):
        keys.export(recipient=[ann.public, ben.public], output=tmp_path / "recovery.json")


def test_an_installation_without_a_key_has_nothing_to_export(
    ann: Holder, ben: Holder, key_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key_path.unlink()

    keys.list_versions(as_json=True)
    with pytest.raises(SetupError, match="There is no key in"):
        keys.export(recipient=[ann.public, ben.public], output=key_path.with_name("x.json"))

    assert json.loads(capsys.readouterr().out) == []
