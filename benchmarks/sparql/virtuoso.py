"""Virtuoso as Debian ships it: installed if missing, bound to loopback, loaded once.

Its default password is replaced before it listens. Settings beyond Debian's: buffers for the whole
of the data, no result cut short, a read-only query service for everybody.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from pathlib import Path

PACKAGES = ("wrk", "virtuoso-opensource")
GRAPH = "urn:credence:public"
BUFFERS = 170_000  # pages of 8 KB
SETTINGS = """[Database]
DatabaseFile = {home}/virtuoso.db
ErrorLogFile = {home}/virtuoso.log
LockFile = {home}/virtuoso.lck
TransactionFile = {home}/virtuoso.trx
xa_persistent_file = {home}/virtuoso.pxa
FileExtend = 200
MaxCheckpointRemap = 2000
Striping = 0
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = {home}/temporary.db
TransactionFile = {home}/temporary.trx
MaxCheckpointRemap = 2000
Striping = 0
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
CaseMode = 2
CheckpointInterval = 0
DirsAllowed = {home}, {data}
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
ThreadsPerQuery = 4
AsyncQueueMaxThreads = 10
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {home}
ServerThreads = 10
MaxKeepAlives = 10
KeepAliveTimeout = 30
MaxClientConnections = 10
[SPARQL]
DefaultGraph = {graph}
ResultSetMaxRows = 1000000
MaxQueryExecutionTime = 60
MaxQueryCostEstimationTime = 1000
[Client]
SQL_PREFETCH_ROWS = 100
SQL_PREFETCH_BYTES = 16000
"""


def install() -> None:
    """Install the driver and the server from Debian where they are missing."""
    if shutil.which("wrk") and shutil.which("virtuoso-t"):
        return
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    wanted = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
    subprocess.run(wanted, check=True)


def command(home: Path) -> list[str]:
    """Return the command that serves a prepared database."""
    return ["virtuoso-t", "+foreground", "+configfile", str(home / "virtuoso.ini")]


def prepare(home: Path, triples: Path, port: int) -> None:
    """Write the settings; at the first time make the database and load the statements."""
    new = not (home / "loaded").exists()
    if new:
        shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    text = SETTINGS.format(
        home=home,
        data=triples.parent,
        sql=port + 1,
        http=port,
        buffers=BUFFERS,
        dirty=BUFFERS * 3 // 4,
        graph=GRAPH,
    )
    (home / "virtuoso.ini").write_text(text)
    if new:
        _load(home, triples, port + 1)
        (home / "loaded").touch()


def _load(home: Path, triples: Path, port: int) -> None:
    password = secrets.token_hex(8)
    changing = ["+pwdold", "dba", "+pwddba", password, "+pwddav", secrets.token_hex(8)]
    subprocess.run([*command(home), *changing], cwd=home, check=True, capture_output=True)
    server = subprocess.Popen(command(home), cwd=home, stderr=subprocess.DEVNULL)
    try:
        _sql(port, password, "status();", tries=60)
        _sql(port, password, f"ld_dir('{triples.parent}', '{triples.name}', '{GRAPH}');")
        _sql(port, password, "rdf_loader_run(); checkpoint;")
        states = _sql(port, password, "select ll_state, ll_error from DB.DBA.load_list;")
        if "2" not in states.split():
            raise RuntimeError(f"Virtuoso did not load the statements: {states}")
    finally:
        server.terminate()
        server.wait(120)


def _sql(port: int, password: str, text: str, tries: int = 1) -> str:
    for _ in range(tries - 1):
        done = _isql(port, password, text)
        if done.returncode == 0:
            return done.stdout
        time.sleep(1)
    done = _isql(port, password, text)
    if done.returncode:
        raise RuntimeError(f"Virtuoso: {done.stderr[-300:]}")
    return done.stdout


def _isql(port: int, password: str, text: str) -> subprocess.CompletedProcess[str]:
    asking = ["isql-vt", f"127.0.0.1:{port}", "dba", password, "VERBOSE=OFF", f"exec={text}"]
    return subprocess.run(asking, capture_output=True, text=True, check=False)
