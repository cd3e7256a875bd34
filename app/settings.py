"""Settings: from the environment and nowhere else."""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What differs between one installation and the next. Every variable is optional."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore")

    host: str = "127.0.0.1"
    """Address the API listens on."""
    port: int = Field(8000, ge=0, le=65535)
    """Port the API listens on; 0 takes a free one."""
    public_url: str | None = None
    """Address callers use, when it differs from host and port. Must be https outside loopback."""
    trusted_proxies: list[IPv4Network | IPv6Network] = []
    """Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    tls_cert: Path | None = None
    """Certificate chain (PEM), where no proxy ends TLS; needs `tls_key`."""
    tls_key: Path | None = None
    """Private key of the certificate (PEM)."""
    connection_limit: int = Field(1000, ge=10)
    """Connections one API process keeps; it answers 503 to more."""
    clock_every_s: float = Field(60.0, gt=0)
    """Seconds between two looks of the worker at the calendar."""
    drain_s: int = Field(20, ge=0)
    """Longest time a request may still take once the server was told to stop."""
    log_requests: bool = False
    """Whether each request leaves a line in the log; costs about a seventh of the throughput."""
    data_dir: Path = Path(".data")
    """Where the embedded PostgreSQL, the credentials and evidence files live."""
    database_url: SecretStr | None = None
    """Administrator's address of a PostgreSQL 18 elsewhere; null starts the embedded one."""
    app_database_url: SecretStr | None = None
    """Run-time address, for an unprivileged role; null derives it from `database_url`."""
    vault_database_url: SecretStr | None = None
    """Run-time address of the role that reads the vault of identities; null derives it."""
    owner_database_url: SecretStr | None = None
    """Address of the role that owns the tables, for migrations; null derives it."""
    database: str = Field("safeguarding", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    """Name of the database: one for each board."""
    secret_key: SecretStr | None = None
    """Key of cursors, idempotency, second factors and evidence files: 64 hexadecimal digits. Null:
    kept in `data_dir`. Files cannot be read without it."""
    key_file: Path | None = None
    """Keyring that wraps the keys of identities; null keeps it beside `data_dir`, never in it."""
    vault_keys: SecretStr | None = None
    """The same keyring, as JSON, where the platform injects secrets; instead of a file."""
    key_rotation_days: int = Field(30, ge=0, le=366)
    """Longest time from a destruction of identities to that of the key that opens older copies of
    the database; 0 rotates at once. Older backups lose the identities of every case with it."""
    transit_address: str | None = Field(None, pattern=r"^https?://[^\s/?#@]+/?$")
    """HashiCorp Vault whose transit engine holds the key; instead of a file."""
    transit_mount: str = Field("transit", pattern=r"^[A-Za-z0-9_][A-Za-z0-9_/-]*$")
    transit_key: str = Field("safeguarding", pattern=r"^[A-Za-z0-9_][A-Za-z0-9_-]*$")
    """Name of the key in the engine."""
    transit_namespace: str | None = None
    transit_token: SecretStr | None = None
    transit_token_file: Path | None = None
    """File with the token, read for every request: an agent may renew it."""
    pool_size: int = Field(10, ge=2, le=100)
    """Connections an API process may hold for reads; as many again for each kind of write."""
    smtp_host: str | None = None
    """Mail server; null keeps mail in the database until there is one."""
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: str = Field("starttls", pattern="^(none|starttls|tls)$")
    mail_from: str = "safeguarding@localhost"
    """Sender of reminders and invitations."""
    webhook_loopback: bool = False
    """Whether webhooks may go to this machine: for tests and development."""
    body_limit_bytes: int = Field(1_048_576, ge=1024)
    upload_limit_bytes: int = Field(67_108_864, ge=1024)
    evidence_limit_bytes: int = Field(20_971_520, ge=1024)
    """Size of the largest evidence file; each is held in memory while it is taken in."""
    scan_command: list[str] = []
    """Scanner of evidence files, such as `["clamdscan", "--no-summary", "-"]`: reads the file from
    standard input; 0 is clean, 1 infected, anything else a failure. Empty: files are not scanned.
    """
    body_deadline_s: float = Field(15.0, gt=0)
    """Longest time a request body may take, and an upload may pause."""
    sign_in_attempts_per_minute: int = Field(60, ge=1)
    """Attempts to sign in from one address each minute before 429."""
    session_idle_minutes: int = Field(30, ge=1)
    session_hours: int = Field(12, ge=1)
    access_token_minutes: int = Field(15, ge=1)

    @property
    def key_path(self) -> Path:
        """Where the file of keys is: `key_file`, or `.data.keys.json` beside `.data`."""
        data_dir = self.data_dir.absolute()
        return self.key_file or data_dir.parent / f"{data_dir.name}.keys.json"

    @property
    def is_embedded(self) -> bool:
        """Whether the embedded PostgreSQL is used."""
        return self.app_database_url is None and self.database_url is None
