"""kill -9 at random positions; every kill is followed by a restart that must agree with itself.

The position of each kill is printed (`pytest -s -k kill`). A kill that came before the first
commit or after the end does not count; the delay is drawn again.
"""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.flows.test_thin_path import every_file, load_penalties, penalties

if TYPE_CHECKING:
    from tests.flows.conftest import Credence

TRIES = 12
