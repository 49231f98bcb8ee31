"""`python -m publisher.cli`: how the supervisor starts its children."""

import sys

from publisher.cli import main

sys.exit(main())
