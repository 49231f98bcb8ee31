"""Pages: templates in, bytes out; shared by the Flask routes and the plain query service.

Purpose: everything a template may use is given here: the words, the deployment's own name, the
path prefix of its address. Nothing on a page is loaded from elsewhere
(docs/design/overview.md "Taste").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from publisher.web.http import replies
from publisher.web.messages.common import message

if TYPE_CHECKING:
    from collections.abc import Callable
    from wsgiref.types import WSGIEnvironment

# The main menu: name of the text, path.
MENU: Final = (
    ("home", "/"),
    ("search", "/search"),
    ("lists", "/lists"),
    ("datasets", "/datasets"),
    ("query", "/sparql"),
    ("vocabulary", "/ns"),
    ("status", "/status"),
)


_THOUSAND: Final = 1000
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


class Pages:
    """Renders the templates of one deployment."""

    def __init__(self, name: str, base_url: str) -> None:
        self.name = name
        self.base_url = base_url
        # Links are made of the path alone, so that the pages work through any tunnel or port.
        self.prefix = urlsplit(base_url).path.rstrip("/")
        self._templates = Environment(
            loader=PackageLoader("publisher.web", "templates"),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            finalize=_seen,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, template: str, lang: str, **context: Any) -> bytes:
        """Return the page in `zh` or `en`.

        `here` is its own path, for the language switch; `private` pages tell search engines to
        pass on, so that what is repaired does not live on in them.
        """
        context.setdefault("here", "/")
        context.setdefault("main", "")
        context.setdefault("alternates", ())
        context.setdefault("private", False)
        return (
            self._templates.get_template(template)
            .render(
                lang=lang,
                say=_speaker(lang),
                name=self.name,
                menu=MENU,
                link=self._linker(lang),
                switch=self._linker("en" if lang == "zh" else "zh"),
                asset=lambda path: self.prefix + path,
                size=size_text,
                **context,
            )
            .encode()
        )

    def lead(self, environ: WSGIEnvironment, path: str) -> replies.Reply:
        """Return the way to another page of ours (303), in the language that is asked for."""
        link = self._linker(replies.language(environ))
        return replies.Reply(b"", status=303, headers=(("Location", link(path)),))

    def _linker(self, lang: str) -> Callable[[str], str]:
        """Return the function that makes a link which keeps the language."""

        def link(path: str) -> str:
            if lang == "zh":
                return self.prefix + path
            place, mark, fragment = path.partition("#")
            return f"{self.prefix}{place}{'&' if '?' in place else '?'}lang={lang}{mark}{fragment}"

        return link


# Characters that nobody sees and that turn or hide what stands beside them (UAX #9; zero width).
# The joiners U+200C and U+200D stay: scripts and emoji need them.
_UNSEEN: Final = {
    code: f"⟨U+{code:04X}⟩"
    for code in (
        0x00AD, 0x061C, 0x180E, 0x200B, 0x200E, 0x200F, *range(0x2028, 0x202F),
        *range(0x2060, 0x206A), 0xFEFF,
    )
}  # fmt: skip


def _seen(value: Any) -> Any:
    """Return a text with its unseen controls written out, so that no record can fake another.

    Every text that a template prints comes through here; what is marked as safe is left alone.
    """
    if isinstance(value, str) and not isinstance(value, Markup):
        return value.translate(_UNSEEN)
    return value


def size_text(size: int) -> str:
    """Return a number of bytes as people read it, with two or three digits: 1.2 MB (SI)."""
    amount, unit = float(size), 0
    while round(amount) >= _THOUSAND and unit < len(_UNITS) - 1:
        amount, unit = amount / _THOUSAND, unit + 1
    digits = 1 if unit and amount < 10 else 0  # noqa: PLR2004 - two digits at least
    return f"{amount:.{digits}f} {_UNITS[unit]}"


def _speaker(lang: str) -> Callable[..., Markup]:
    def speak(name: str, **values: object) -> Markup:
        return Markup("{}").format(_seen(message(lang, name, **values)))  # escapes the values

    return speak
