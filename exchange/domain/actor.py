"""The actor of a command: the person or key, the unit and the program behind an event.

Source: docs/design/ledger.md "Actor".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PROGRAM: Final = "credence"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who gave a command.

    `person`: a login name, an officer's name or the name of an API key; `unit`: the social credit
    code of the unit that the person acts for; `program`: what sent the command to the ledger.
    Empty where it is not known. An example: `Actor("zhang", "11100000000Q000001", "credence")`.
    """

    person: str = ""
    unit: str = ""
    program: str = PROGRAM

    def body(self) -> dict[str, str]:
        """Return the member `actor` of an event's body: what is known, by name."""
        members = {"person": self.person, "unit": self.unit, "program": self.program}
        return {name: text for name, text in members.items() if text}
