"""A PostgreSQL server of its own, with fsync on; run by root it is nobody's."""
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

USER = "thirdring"


def as_nobody():
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


class PostgresServer:
    """Reached by a socket in a folder of its own; as many connections as a shift has desks, and some."""

    def __enter__(self):
        self.programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda bin: int(bin.parent.name))
        self.folder = tempfile.mkdtemp(prefix="thirdring-promises-")
        if (nobody := as_nobody()):
            os.chown(self.folder, nobody["user"], nobody["group"])
        self.run("initdb", f"--username={USER}", "--auth=trust", "-D", self.data())
        settings = f"-k {self.folder} -c listen_addresses= -c max_connections=1100"
        self.run("pg_ctl", "start", "-w", "-D", self.data(), "-l", f"{self.folder}/log", "-o", settings)
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "stop", "-m", "immediate", "-D", self.data())
        shutil.rmtree(self.folder)

    def data(self):
        return f"{self.folder}/data"

    def run(self, program, *arguments):
        # The server keeps what it was started with: a pipe would never end.
        subprocess.run(
            [self.programs / program, *arguments], cwd=self.folder, stdout=subprocess.DEVNULL, check=True, **as_nobody()
        )

    def database(self, name):
        """Makes an empty one, and says how a desk reaches it."""
        self.sql("postgres", f"CREATE DATABASE {name}")
        return f"host={self.folder} user={USER} dbname={name}"

    def sql(self, database, *statements):
        commands = [part for statement in statements for part in ("-c", statement)]
        psql = [self.programs / "psql", "-X", "-q", "-h", self.folder, "-U", USER, "-d", database, *commands]
        subprocess.run(psql, check=True)

    def pgbench(self, database, script, *arguments):
        """Transactions a second of a script of SQL."""
        command = [self.programs / "pgbench", "-n", "-h", self.folder, "-U", USER, "-f", script, *arguments, database]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return next(float(line.split()[2]) for line in told.splitlines() if line.startswith("tps = "))
