"""Throw-away PostgreSQL and MariaDB servers, made from the binaries on the machine.

``python tests/servers.py DIRECTORY NAME...`` runs servers until its stdin closes. `Keeper` starts
it with a pipe, so the servers and their data go when the owner of the pipe ends, however it ends.
"""

from __future__ import annotations

import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from glob import glob
from pathlib import Path
from typing import Any, ClassVar

TIMEOUT = 60.0
#: Bytes that a folder must have free to hold servers.
ROOM = 2**30
#: Where packages put binaries, apart from PATH: Debian, Red Hat, Homebrew.
PLACES = (
    *("/usr/bin", "/usr/sbin", "/usr/lib/postgresql/*/bin"),
    *("/usr/libexec", "/usr/pgsql-*/bin"),
    *("/opt/homebrew/opt/postgresql*/bin", "/opt/homebrew/opt/mariadb*/bin"),
    *("/usr/local/opt/postgresql*/bin", "/usr/local/opt/mariadb*/bin"),
)


class ServerError(Exception):
    """A server does not run; the text says why."""


class NotInstalledError(ServerError):
    """The machine lacks a server's binaries; the text says how to get them."""


@dataclass(frozen=True)
class Running:
    """Where a server is; ``pid`` is 0 while it is stopped."""

    root: str
    port: int
    pid: int
    data: str

    def url(self, database: str) -> str:
        return self.root + database


class Server(ABC):
    """A server that keeps everything in one directory and that only this machine reaches.

    As root it runs as another account, which must be able to walk to the directory, and the path
    must leave room for a socket in at most 107 bytes: `make_directory` sees to both. A crash of
    the server loses nothing that was committed, a crash of the machine does.
    """

    name: ClassVar[str]
    scheme: ClassVar[str]
    missing: ClassVar[str]
    account: ClassVar[str]
    programs: ClassVar[tuple[str, ...]]
    #: The command lines that make the data and that run the server.
    creation: ClassVar[str]
    service: ClassVar[str]
    #: The text of a file that one of them reads, to know the user and the password.
    login: ClassVar[str]
    signals: ClassVar[dict[str, signal.Signals]]

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None

    @classmethod
    def find(cls) -> dict[str, str] | None:
        """The paths of the server's programs, or None where one is missing."""
        # What the user put on PATH counts first, then the newest version.
        folders = [f for place in PLACES for f in sorted(glob(place), key=_version)[::-1]]
        path = os.pathsep.join([os.environ.get("PATH", ""), *folders])
        found = {p: file for p in cls.programs if (file := shutil.which(p, path=path))}
        return found if len(found) == len(cls.programs) else None

    def running(self) -> Running:
        root = f"{self.scheme}://runbase:runbase@127.0.0.1:{self.port}/"
        pid = self.process.pid if self.process else 0
        return Running(root, self.port, pid, str(self.directory / "data"))

    def url(self, database: str) -> str:
        return self.running().url(database)

    def start(self) -> None:
        """Return when the server takes connections; the first time, make its data."""
        if self.find() is None:
            raise NotInstalledError(self.missing)
        if not self.directory.exists():
            self._make_directory()
            self.create()
        with (self.directory / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command(self.service), stdout=log, stderr=log, **self._popen_options()
            )
        self._wait(self.process)

    def stop(self, mode: str = "immediate") -> None:
        """End the server: ``"fast"`` with a clean shutdown, ``"immediate"`` like a crash."""
        if self.process is not None:
            self.process.send_signal(self.signals[mode])
            self.process.wait(TIMEOUT)
            self.process = None

    def restart(self, mode: str = "fast") -> None:
        """Stop the server and start it with the same port and data."""
        self.stop(mode)
        self.start()

    def create(self, **values: str) -> None:
        """Make the data of a new server."""
        command = self._command(self.creation, **values)
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, **self._popen_options()
        )
        if done.returncode:
            raise ServerError(f"{command[0]} failed: {(done.stdout + done.stderr)[-2000:]}")

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the server takes connections."""

    def _command(self, line: str, **values: str) -> list[str]:
        values |= {"directory": str(self.directory), "port": str(self.port)} | (self.find() or {})
        return [word.format_map(values) for word in line.split()]

    def _make_directory(self) -> None:
        self.directory.mkdir(0o700)
        login = self.directory / "login"
        login.write_text(self.login)
        if account := self._account():
            for path in (self.directory, login):
                os.chown(path, account.pw_uid, account.pw_gid)

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not self.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                log = (self.directory / "log").read_text(errors="replace")
                raise ServerError(f"{self.name} did not start: {log[-2000:]}")
            time.sleep(0.005)

    def _popen_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": self.directory, "stdin": subprocess.DEVNULL}
        if account := self._account():
            options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return options

    def _account(self) -> pwd.struct_passwd | None:
        if os.geteuid() != 0:
            return None
        try:
            return pwd.getpwnam(self.account)
        except KeyError:
            return pwd.getpwnam("nobody")


class PostgresServer(Server):
    """PostgreSQL; ``runbase`` is a superuser who needs the password."""

    name = "postgres"
    scheme = "postgresql"
    missing = "PostgreSQL is not installed: apt install postgresql"
    account = "postgres"
    programs = ("initdb", "postgres")
    creation = """
        {initdb} --pgdata={directory}/data --no-sync --encoding=UTF8 --locale={locale}
        --username=runbase --auth=scram-sha-256 --pwfile={directory}/login
    """
    service = """
        {postgres} -D {directory}/data --unix_socket_directories={directory}
        --listen_addresses=127.0.0.1 --port={port} --max_connections=200 --shared_buffers=32MB
        --fsync=off --full_page_writes=off --autovacuum=off --wal_level=minimal --max_wal_senders=0
    """
    login = "runbase\n"
    signals: ClassVar = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}

    def create(self, **values: str) -> None:
        try:
            super().create(locale="C.UTF-8")
        except ServerError:  # Not every system has that locale
            super().create(locale="C")

    def is_ready(self) -> bool:
        try:
            return (self.directory / "data/postmaster.pid").read_text().split()[-1:] == ["ready"]
        except OSError:
            return False


class MariaDBServer(Server):
    """MariaDB; ``runbase`` may do everything, with the password."""

    name = "mysql"
    scheme = "mysql"
    missing = "MariaDB is not installed: apt install mariadb-server"
    account = "mysql"
    programs = ("mariadb-install-db", "mariadbd")
    creation = """
        {mariadb-install-db} --no-defaults --datadir={directory}/data --tmpdir={directory}
        --skip-test-db --auth-root-authentication-method=normal --innodb-log-file-size=32M
    """
    service = """
        {mariadbd} --no-defaults --datadir={directory}/data --tmpdir={directory}
        --socket={directory}/socket --pid-file={directory}/pid --init-file={directory}/login
        --bind-address=127.0.0.1 --port={port} --skip-networking=0
        --skip-name-resolve --skip-ssl --max-connections=200
        --character-set-server=utf8mb4 --innodb-buffer-pool-size=128M --innodb-log-file-size=32M
        --innodb-flush-log-at-trx-commit=2 --innodb-fast-shutdown=2 --innodb-stats-persistent=0
    """
    login = """\
CREATE USER IF NOT EXISTS runbase@'%' IDENTIFIED BY 'runbase';
GRANT ALL ON *.* TO runbase@'%' WITH GRANT OPTION;
"""
    signals: ClassVar = {"fast": signal.SIGTERM, "immediate": signal.SIGKILL}

    def is_ready(self) -> bool:
        # The server listens early, but greets only when it is ready.
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(TIMEOUT)
            try:
                client.connect(str(self.directory / "socket"))
                return bool(client.recv(1))
            except OSError:
                return False


SERVERS: dict[str, type[Server]] = {c.name: c for c in (PostgresServer, MariaDBServer)}


class Keeper:
    """A process that runs servers until `close`, or until this process ends."""

    def __init__(self, *names: str) -> None:
        if unknown := set(names) - SERVERS.keys():
            raise ValueError(f"unknown servers: {unknown}; there are {', '.join(SERVERS)}")
        self.directory = make_directory()
        self._process = subprocess.Popen(
            [sys.executable, "-I", __file__, str(self.directory), *names],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests, which close the keeper after it
        )

    def wait(self, name: str) -> Running:
        return wait_for(self.directory, name)

    def call(self, name: str, method: str, *args: str) -> Running:
        """Call a method of one of the servers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(name, method, *args, file=self._process.stdin, flush=True)
        self._process.stdout.readline()
        return self.wait(name)

    def close(self) -> None:
        """Return when the servers and their data are gone."""
        self._process.communicate()


@dataclass(frozen=True)
class PrivateServer:
    """A server of one test, which may stop and start it at will; port and data stay."""

    keeper: Keeper
    name: str

    def url(self, database: str) -> str:
        return self.keeper.wait(self.name).url(database)

    def start(self) -> Running:
        """See `Server.start`."""
        return self.keeper.call(self.name, "start")

    def stop(self, mode: str = "fast") -> Running:
        """See `Server.stop`."""
        return self.keeper.call(self.name, "stop", mode)

    def restart(self, mode: str = "fast") -> Running:
        """See `Server.restart`."""
        return self.keeper.call(self.name, "restart", mode)


def wait_for(directory: Path, name: str) -> Running:
    """The server of a keeper's directory, as soon as it runs.

    Raises:
        NotInstalledError: the machine lacks it.
        ServerError: it failed.
    """
    path = directory / f"{name}.json"
    deadline = time.monotonic() + TIMEOUT
    while not path.exists():
        if time.monotonic() > deadline or not directory.exists():
            raise ServerError(f"nothing runs {name}")
        time.sleep(0.01)
    match json.loads(path.read_text()):
        case {"missing": str(text)}:
            raise NotInstalledError(text)
        case {"error": str(text)}:
            raise ServerError(text)
        case running:
            return Running(**running)


def make_directory() -> Path:
    """A new directory for servers: in memory if possible, with a short path open to them."""
    roots = [Path(root) for root in ("/dev/shm", tempfile.gettempdir(), "/tmp")]
    root = next((root for root in roots if _is_suitable(root)), None)
    path = Path(tempfile.mkdtemp(prefix="runbase-", dir=root))
    path.chmod(0o711)
    return path


def _is_suitable(root: Path) -> bool:
    if not os.access(root, os.W_OK) or len(os.fsencode(root)) > 60:
        return False
    is_open = all(path.stat().st_mode & 0o001 for path in (root, *root.parents))
    return is_open and shutil.disk_usage(root).free > ROOM


def _free_port() -> int:
    # Below the ports that systems give to clients, so that it is still free after a restart.
    while True:
        port = random.SystemRandom().randrange(15000, 30000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _version(path: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path)]


def keep(directory: Path, names: Sequence[str]) -> None:
    """Run servers, and do to them what the lines of stdin say, until its end."""
    servers = {name: SERVERS[name](directory / name) for name in names}
    try:
        with ThreadPoolExecutor() as pool:
            for server in servers.values():
                pool.submit(_do, server, "start")
        for line in sys.stdin:
            name, *command = line.split()
            _do(servers[name], *command)
            print(flush=True)
    finally:
        for server in servers.values():
            server.stop()
        shutil.rmtree(directory)


def _do(server: Server, method: str, *args: str) -> None:
    """Call a method of a server and leave what came of it where `wait_for` looks."""
    try:
        getattr(server, method)(*args)
        state = asdict(server.running())
    except NotInstalledError as error:
        state = {"missing": str(error)}
    except Exception as error:
        state = {"error": f"{type(error).__name__}: {error}"}
    draft = server.directory.with_suffix(".draft")
    draft.write_text(json.dumps(state))
    draft.replace(server.directory.with_suffix(".json"))


if __name__ == "__main__":
    # A signal to the whole process tree ends the owner too, and with it stdin: time to clean up.
    signal.signal(signal.SIGTERM, lambda *_: None)
    keep(Path(sys.argv[1]), sys.argv[2:])
