"""`python -m publisher.cli`: how the supervisor starts its children."""

import sys

from publisher.cli import main

if __name__ == "__main__":  # a spawned worker imports this file under another name
    sys.exit(main())
