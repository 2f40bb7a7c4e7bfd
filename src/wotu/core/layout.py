"""Where everything lies inside a workspace folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wotu.core.durable import write_durably
from wotu.core.errors import ErrorCode, WotuError
from wotu.core.settings import Settings, write_settings

# Version of inbox, lake, timelines and control database together.
FORMAT = 1


@dataclass(frozen=True)
class Layout:
    """The folders and files of one workspace."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "wotu.toml"

    @property
    def format(self) -> Path:
        return self.root / "workspace.format"

    @property
    def keys(self) -> Path:
        return self.root / "keys.json"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def quarantine(self) -> Path:
        return self.root / "quarantine"

    @property
    def identity(self) -> Path:
        return self.root / "identity"

    @property
    def lake(self) -> Path:
        return self.root / "lake" / "messages"

    @property
    def settled(self) -> Path:
        return self.root / "settled"

    @property
    def timelines(self) -> Path:
        return self.root / "timelines"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def published_lock(self) -> Path:
        return self.root / "published.lock"

    @property
    def erasures(self) -> Path:
        return self.root / "erased.json"

    @property
    def settler_lock(self) -> Path:
        return self.root / "settler.lock"

    @property
    def control(self) -> Path:
        return self.root / "control.db"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def followed(self) -> Path:
        return self.root / "run" / "followed.json"

    @property
    def backup_lock(self) -> Path:
        return self.root / "backup.lock"

    @property
    def last_backup(self) -> Path:
        return self.root / "run" / "last-backup"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    def prepare(self, settings: Settings | None = None) -> None:
        """Make what is missing; refuses a workspace of another format. May be run twice."""
        for folder in (self.root, self.inbox, self.quarantine, self.identity, self.settled, self.timelines):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.format.exists():
            self.check_format()
        else:
            write_durably(self.format, f"{FORMAT}\n".encode())
        if settings is not None or not self.settings.exists():
            write_settings(self.settings, settings or Settings())

    def found_format(self) -> int:
        """The format the workspace has now; 0 when its file says nothing."""
        text = self.format.read_text("ascii", "replace").strip()
        return int(text) if text.isdecimal() else 0

    def check_format(self) -> None:
        """Refuse a workspace that a newer Wotu wrote, and an older one until it is upgraded."""
        found = self.found_format()
        if found > FORMAT:
            raise WotuError(
                ErrorCode.NEWER_WORKSPACE,
                f"{self.root} has format {found}, this Wotu reads {FORMAT}; update Wotu first.",
            )
        if found < FORMAT:
            raise WotuError(
                ErrorCode.OLDER_WORKSPACE,
                f"{self.root} has format {found}, this Wotu works with {FORMAT}; stop the server and run wotu upgrade.",
            )
