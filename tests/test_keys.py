"""Keys in our own hands: in a file, in the environment, and held against what a database knows."""

import asyncio
import json
import stat
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from app.privacy.keys import (
    KeyGone,
    KeyProvider,
    KeyProviderError,
    KeyRefused,
    KeysMissing,
    KeysWrong,
    NotByProvider,
    check_keys,
    provider_of,
    returned,
)
from app.privacy.keys.keyring import Keyring
from app.secret_files import one_at_a_time
from app.settings import Settings

ROOT = Path(__file__).parent.parent
KEY = bytes(range(32))
PLACE = b"case 1"
OLD, NEW = "0f" * 32, "F1" * 32


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data directory that is not there yet."""
    return tmp_path / "data"


@pytest.fixture
async def file(data_dir: Path) -> KeyProvider:
    """The keeper of a key file with one version."""
    provider = provider_of(Settings(data_dir=data_dir))
    await provider.create()
    return provider


def key_file(data_dir: Path) -> Path:
    return data_dir.with_name("data.keys.json")


def environment(current: int, **keys: str) -> KeyProvider:
    """The keeper of keys that were injected: `v1="0f…"`."""
    written = {name.removeprefix("v"): key for name, key in keys.items()}
    text = json.dumps({"current": current, "keys": written})
    return provider_of(Settings(vault_keys=SecretStr(text)))


async def known(provider: KeyProvider) -> list[tuple[int, str]]:
    """What a database would keep of the versions."""
    return [(each.number, each.fingerprint) for each in await provider.versions()]


async def test_keys_lie_beside_the_data_closed_to_other_users(
    file: KeyProvider, data_dir: Path
) -> None:
    assert stat.S_IMODE(key_file(data_dir).stat().st_mode) == 0o600
    assert {each.name for each in key_file(data_dir).parent.iterdir()} == {
        "data.keys.json",
        "data.keys.json.lock",
    }
    assert [each.number for each in await file.versions()] == [1]
    assert (await file.current()).provider == "file"


async def test_there_is_no_key_until_one_is_made(data_dir: Path) -> None:
    provider = provider_of(Settings(data_dir=data_dir))

    assert await provider.versions() == []
    for refused in (provider.current(), provider.wrap(KEY, PLACE), provider.rotate()):
        with pytest.raises(KeysMissing, match="no key in"):
            await refused
    assert not key_file(data_dir).exists()


async def test_a_key_that_is_there_is_never_made_anew(file: KeyProvider, data_dir: Path) -> None:
    before = key_file(data_dir).read_text()

    with pytest.raises(NotByProvider, match="stays as it is"):
        await provider_of(Settings(data_dir=data_dir)).create()

    assert key_file(data_dir).read_text() == before
    assert len(await file.versions()) == 1


@pytest.mark.parametrize("place", ["data/keys.json", "data/../data/keys/x.json", "link/keys.json"])
def test_a_key_file_among_the_data_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to("data")

    with pytest.raises(KeyProviderError, match="must not be in DATA_DIR"):
        provider_of(Settings(data_dir=tmp_path / "data", key_file=tmp_path / place))


def test_the_root_as_data_directory_leaves_no_place_for_keys() -> None:
    with pytest.raises(KeyProviderError, match="must not be in DATA_DIR"):
        provider_of(Settings(data_dir=Path("/")))


async def test_a_wrapped_key_opens_again_by_its_version(file: KeyProvider) -> None:
    first, wrapped = await file.wrap(KEY, PLACE)
    second = await file.rotate()
    renewed, rewrapped = await file.wrap(KEY, PLACE)

    assert (first.number, second.number, renewed) == (1, 2, second)
    assert len(wrapped) == 60
    assert await file.unwrap(1, wrapped, PLACE) == KEY
    assert await file.unwrap(2, rewrapped, PLACE) == KEY


async def test_a_wrapped_key_does_not_open_elsewhere_or_changed(file: KeyProvider) -> None:
    _, wrapped = await file.wrap(KEY, PLACE)
    await file.rotate()

    cases = [(1, wrapped, b"case 2"), (2, wrapped, PLACE), (1, b"", PLACE), (1, b"x" * 60, PLACE)]
    for number, each, place in cases:
        with pytest.raises(KeyRefused) as refused:
            await file.unwrap(number, each, place)
        assert refused.value.__context__ is None


async def test_a_destroyed_version_is_gone_from_the_file(file: KeyProvider, data_dir: Path) -> None:
    _, wrapped = await file.wrap(KEY, PLACE)
    old = json.loads(key_file(data_dir).read_text())["keys"]["1"]
    await file.rotate()

    await file.destroy(1)
    await file.destroy(1)

    left = [each.read_text() for each in data_dir.parent.iterdir() if each.is_file()]
    assert not [text for text in left if old in text]
    with pytest.raises(KeyGone, match="Version 1"):
        await file.unwrap(1, wrapped, PLACE)
    assert (await file.rotate()).number == 3


async def test_the_current_version_is_not_destroyed_nor_a_newer_one(data_dir: Path) -> None:
    key_file(data_dir).write_text(json.dumps({"current": 1, "keys": {"1": OLD, "2": NEW}}))
    key_file(data_dir).chmod(0o600)
    provider = provider_of(Settings(data_dir=data_dir))

    for number in (1, 2):
        with pytest.raises(NotByProvider, match="rotate first"):
            await provider.destroy(number)

    assert len(await provider.versions()) == 2


async def test_what_another_process_changes_holds_at_once(
    file: KeyProvider, data_dir: Path
) -> None:
    other = provider_of(Settings(data_dir=data_dir))
    _, wrapped = await file.wrap(KEY, PLACE)
    await other.rotate()
    assert (await file.current()).number == 2

    await other.destroy(1)

    with pytest.raises(KeyGone):
        await file.unwrap(1, wrapped, PLACE)


async def test_a_file_that_looks_as_before_is_not_taken_for_it(
    file: KeyProvider, data_dir: Path
) -> None:
    texts = [json.dumps({"current": 1, "keys": {"1": key}}) for key in (OLD, NEW)]
    fingerprints = [(await environment(1, v1=key).current()).fingerprint for key in (OLD, NEW)]

    for _ in range(200):
        for text, fingerprint in zip(texts, fingerprints, strict=True):
            key_file(data_dir).write_text(text)
            assert (await file.current()).fingerprint == fingerprint


ROTATE_AND_WRAP = """
import asyncio, sys
from pathlib import Path
from app.privacy.keys import provider_of
from app.settings import Settings

async def work():
    provider = provider_of(Settings(data_dir=Path(sys.argv[1])))
    sys.stdin.readline()
    for _ in range(10):
        made = await provider.rotate()
        version, wrapped = await provider.wrap(b"k" * 32, b"place")
        print(made.number, made.fingerprint, version.number, wrapped.hex())

asyncio.run(work())
"""


async def test_processes_that_rotate_at_once_lose_no_key(file: KeyProvider, data_dir: Path) -> None:
    command = [sys.executable, "-c", ROTATE_AND_WRAP, str(data_dir)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    working = [subprocess.Popen(command, cwd=ROOT, **pipes) for _ in range(3)]  # noqa: ASYNC220, S603
    outputs = await asyncio.gather(
        *(asyncio.to_thread(each.communicate, "go\n", 60) for each in working)
    )
    lines = [line.split() for output, _ in outputs for line in output.splitlines()]

    assert [each.returncode for each in working] == [0, 0, 0]
    assert sorted(int(line[0]) for line in lines) == list(range(2, 32))
    versions = await known(file)
    assert {(int(line[0]), line[1]) for line in lines} == set(versions[1:])
    for _, _, number, wrapped in lines:
        assert await file.unwrap(int(number), bytes.fromhex(wrapped), b"place") == b"k" * 32


async def test_a_change_waits_for_whoever_is_at_the_file(file: KeyProvider, data_dir: Path) -> None:
    with one_at_a_time(key_file(data_dir)):
        waiting = asyncio.create_task(file.rotate())
        await asyncio.sleep(0.2)
        assert len(await file.versions()) == 1

    assert (await waiting).number == 2


async def test_a_file_open_to_others_is_refused_as_soon_as_it_is(
    file: KeyProvider, data_dir: Path
) -> None:
    key_file(data_dir).chmod(0o640)

    for refused in (file.current(), file.rotate(), file.unwrap(1, b"", PLACE)):
        with pytest.raises(KeyProviderError, match="open to other users"):
            await refused


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff\xfe" + OLD.encode(),
        b'{"current": 1}',
        json.dumps({"current": 2, "keys": {"1": OLD}}).encode(),
        json.dumps({"current": 1, "keys": {"1": OLD[:-2]}}).encode(),
        json.dumps({"current": 1, "keys": {"1": OLD, "2": OLD.upper()}}).encode(),
        json.dumps({"current": 0, "keys": {"0": OLD}}).encode(),
        json.dumps({"current": 1, "keys": {"1": OLD}, "note": OLD}).encode(),
    ],
)
async def test_a_file_without_a_keyring_is_refused_and_not_repeated(
    data_dir: Path, content: bytes
) -> None:
    key_file(data_dir).write_bytes(content)
    key_file(data_dir).chmod(0o600)
    provider = provider_of(Settings(data_dir=data_dir))

    for work in (provider.versions, provider.rotate):
        with pytest.raises(KeyProviderError) as refused:
            await work()
        assert OLD[:20] not in "".join(traceback.format_exception(refused.value))
        assert refused.value.__context__ is None
    assert key_file(data_dir).read_bytes() == content


async def test_a_place_that_cannot_be_written_is_named_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_text("")
    chosen = Settings(data_dir=tmp_path / "data", key_file=tmp_path / "occupied" / "keys.json")

    with pytest.raises(KeyProviderError, match="cannot be used: NotADirectoryError"):
        await provider_of(chosen).create()


async def test_injected_keys_are_the_same_keys(file: KeyProvider, data_dir: Path) -> None:
    _, wrapped = await file.wrap(KEY, PLACE)
    text = key_file(data_dir).read_text()

    injected = provider_of(Settings(vault_keys=SecretStr(text)))

    assert await injected.unwrap(1, wrapped, PLACE) == KEY
    assert await known(injected) == await known(file)
    assert (await injected.current()).provider == "environment"


async def test_injected_keys_are_changed_where_they_are_kept() -> None:
    before, after = environment(1, v1=OLD), environment(2, v1=OLD, v2=NEW)
    _, wrapped = await before.wrap(KEY, PLACE)

    with pytest.raises(NotByProvider, match="Add version 2 to VAULT_KEYS"):
        await before.rotate()
    with pytest.raises(NotByProvider, match="stays as it is"):
        await before.create()
    with pytest.raises(NotByProvider, match="Remove version 1 from VAULT_KEYS"):
        await after.destroy(1)

    assert (await after.current()).number == 2
    assert await after.unwrap(1, wrapped, PLACE) == KEY
    await environment(2, v2=NEW).destroy(1)


def test_injected_keys_that_are_none_are_refused_and_not_repeated() -> None:
    with pytest.raises(KeyProviderError, match="VAULT_KEYS does not hold") as refused:
        environment(3, v1=OLD)

    assert OLD not in str(refused.value)


def test_keys_are_in_one_place(tmp_path: Path) -> None:
    chosen = Settings(key_file=tmp_path / "keys.json", vault_keys=SecretStr("{}"))

    with pytest.raises(KeyProviderError, match="set one of VAULT_KEYS and KEY_FILE"):
        provider_of(chosen)


async def test_keys_that_the_database_counts_on_are_there(
    file: KeyProvider, data_dir: Path
) -> None:
    await file.rotate()
    counted_on = await known(file)
    await check_keys(file, counted_on)
    await check_keys(file, counted_on[:1])
    await check_keys(file, [])

    key_file(data_dir).unlink()

    with pytest.raises(KeysMissing, match="version 1"):
        await check_keys(file, counted_on)
    assert not key_file(data_dir).exists()


async def test_keys_of_another_database_are_refused(file: KeyProvider) -> None:
    other = environment(1, v1=OLD)

    with pytest.raises(KeysWrong, match="Version 1") as refused:
        await check_keys(other, await known(file))

    assert OLD not in str(refused.value)


async def test_a_version_that_the_keyring_lacks_is_missing(file: KeyProvider) -> None:
    counted_on = [*await known(file), (2, "0" * 32)]

    with pytest.raises(KeysMissing, match="version 2"):
        await check_keys(file, counted_on)


async def test_a_destroyed_version_that_is_back_is_noticed(
    file: KeyProvider, data_dir: Path
) -> None:
    old = key_file(data_dir).read_text()
    destroyed = await known(file)
    await file.rotate()
    await file.destroy(1)
    assert await returned(file, destroyed) == []

    key_file(data_dir).write_text(old)

    assert [each.number for each in await returned(file, destroyed)] == [1]


async def test_a_key_shows_nowhere() -> None:
    provider = environment(1, v1=OLD)
    key = bytes.fromhex(OLD)

    shown = [Keyring(1, {1: key}), provider, await provider.versions(), Settings()]

    assert not [each for each in map(repr, shown) if OLD in each or repr(key)[2:-1] in each]
    assert (await provider.current()).fingerprint not in OLD
