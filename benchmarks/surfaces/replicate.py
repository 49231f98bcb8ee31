"""ldes-client replicates a feed from our server and from nginx over the same files.

`python -m benchmarks.surfaces.replicate [--rows N] [--rounds R] [--port P]`
needs npm, and nginx from the
system's packages (`apt-get install nginx-light`). Links are absolute, so both serve the same
address, one after the other. Both hand out the compressed files as they lie on the disk, TriG for
every address without a suffix. Bound: 1.2 times the wall time.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError

from benchmarks.harness import ROOT, paired, spread, whole_process, written
from benchmarks.surfaces.city import SECONDS, city, until
from exchange.sample import generate

CLIENT = ROOT / "tests" / "interop" / "ldes"
INSTALL = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
# One worker, as our server has one process for the web; files are sent compressed.
NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; types {{ }} default_type application/trig;
  client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{
    listen 127.0.0.1:{port}; root {files};
    location /feed/ {{ rewrite ^(.*)$ $1.trig break; gzip_static always; }}
  }}
}}
"""


def installed(folder):
    """Install the pinned client outside the checkout."""
    folder.mkdir()
    for path in CLIENT.iterdir():
        shutil.copy(path, folder)
    subprocess.run(INSTALL, cwd=folder, check=True, capture_output=True, timeout=600)
    return folder


def replicated(home, made, members):
    """Replicate once; return the client's milliseconds as seconds, and the whole process."""
    given = json.dumps({"url": f"{made.base}/feed/penalty", "accept": "application/trig"})
    used = whole_process(["env", "-C", home, "node", "replicate.mjs", given])
    found = json.loads(used.said)
    if found["failures"] or len(found["members"]) != members:
        raise SystemExit(f"{len(found['members'])} members, {found['failures'][:3]}")
    return {"wall": found["ms"] / 1000, "cpu": used.cpu, "requests": found["requests"]}


@contextmanager
def nginx(folder, made):
    """Serve the same files by nginx."""
    home = Path(tempfile.mkdtemp(dir=folder))
    files = (made.root / "surfaces" / "public" / "feed" / "current").resolve()
    (home / "conf").write_text(NGINX.format(folder=home, port=made.port, files=files))
    server = subprocess.Popen(["nginx", "-c", home / "conf", "-e", home / "error"])
    try:
        until(lambda: _answers(made), SECONDS)
        yield
    finally:
        server.terminate()
        server.wait(SECONDS)


def _answers(made):
    try:
        return made.get("/feed/penalty")[0] == 200
    except (URLError, ConnectionError):
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=21_100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=8103)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, city(given.port) as made:
        folder = Path(name)
        folder.chmod(0o755)  # nginx's worker is another user
        made.root.parent.chmod(0o755)
        home = installed(folder / "client")
        generate(given.rows, 7, folder / "sample")
        _, receipt = made.run("load", folder / "sample" / "penalty.csv")
        made.run("publish")

        def by_us():
            with made.serving():
                time.sleep(1)
                return replicated(home, made, receipt["accepted"])

        def by_nginx():
            with nginx(folder, made):
                return replicated(home, made, receipt["accepted"])

        rounds = paired({"ours": by_us, "nginx": by_nginx}, given.rounds)
    figures = {
        "members": receipt["accepted"],
        "bound_ratio": 1.2,
        "ratio_wall": spread(r["ours"]["wall"] / r["nginx"]["wall"] for r in rounds),
        "ours_seconds": spread(r["ours"]["wall"] for r in rounds),
        "nginx_seconds": spread(r["nginx"]["wall"] for r in rounds),
        "requests": rounds[0]["ours"]["requests"],
    }
    written("surfaces-replicate", figures, rounds)


if __name__ == "__main__":
    main()
