"""One measured process: a file of penalties -> checked records -> sorted N-Quads -> SHA-256.

The N-Quads of every sound record go to the file named second; findings are counted, not kept.
Prints one JSON line.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from pathlib import Path

from exchange.domain.disclosure_levels import Tier
from exchange.domain.record_body import view
from exchange.intake.checker import Checker
from exchange.intake.file_reader import open_sheets
from exchange.model import load_model

IRI = "https://c.example/record/{}"


def main() -> None:
    model = load_model()
    ready = time.process_time()
    digest = hashlib.sha256()
    rows = sound = quads = 0
    with Path(sys.argv[2]).open("wb") as out:
        for sheet in open_sheets(Path(sys.argv[1]), model):
            checker = Checker(sheet, model)
            for row in sheet.rows():
                rows += 1
                submission = checker.check(row).submission
                if submission is None:
                    continue
                lines = view(submission.body, IRI.format(rows), Tier.ARCHIVE)
                sound += 1
                quads += lines.count(b"\n")
                digest.update(hashlib.sha256(lines).digest())
                out.write(lines)
    work = time.process_time() - ready
    print(
        json.dumps(
            {
                "rows": rows,
                "sound": sound,
                "quads": quads,
                "prepare_seconds": round(ready, 3),
                "work_seconds": round(work, 3),
                "rows_per_cpu_second": round(rows / work),
                "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
                "digest": digest.hexdigest()[:16],
            }
        )
    )


if __name__ == "__main__":
    main()
