"""One measured process: a file of penalties -> checked records -> sorted N-Quads -> SHA-256.

Prints one JSON line: rows, sound rows, bytes hashed, processor seconds (user and system) from
the first byte read to the last hash, seconds of preparation (imports, shapes), peak memory.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from pathlib import Path

from exchange.intake.checking import Checker
from exchange.intake.readers import read
from exchange.model import load_model


def main() -> None:
    model = load_model()
    ready = time.process_time()
    digest = hashlib.sha256()
    rows = sound = size = 0
    started = time.perf_counter()
    for sheet in read(Path(sys.argv[1]), model):
        checker = Checker(sheet, model)
        for row in sheet.rows():
            rows += 1
            submission = checker.check(row).submission
            if submission is not None:
                body = (
                    submission.body
                    if isinstance(submission.body, bytes)
                    else submission.body.encode()
                )
                sound += 1
                size += len(body)
                digest.update(hashlib.sha256(body).digest())
    ended = time.process_time()
    print(
        json.dumps(
            {
                "rows": rows,
                "sound": sound,
                "bytes": size,
                "cpu": round(ended - ready, 3),
                "wall": round(time.perf_counter() - started, 3),
                "prepare": round(ready, 3),
                "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
                "digest": digest.hexdigest()[:16],
            }
        )
    )


if __name__ == "__main__":
    main()
