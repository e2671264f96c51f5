"""Render a report as one HTML file that requests nothing.

The templates escape every text. The file's own policy (CSP) allows only its style sheet and its
script, by their hashes, and pictures and sounds that are in the file.
"""

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evo import __version__
from evo.analysis.report.data import Page

_PACKAGE = "evo.analysis.report"


@cache
def environment() -> Environment:
    """Return the templates' environment, which escapes all text."""
    found = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {"compact": compact, "base64": base64_of}
    return found


@cache
def asset(name: str) -> str:
    """Return the text of the style sheet or the script."""
    return resources.files(_PACKAGE).joinpath("templates", name).read_text(encoding="utf-8")


def policy(live: bool = False) -> str:
    """Return the content security policy of a page.

    Args:
        live: Whether the page may connect to the server that it comes from.
    """
    style, script = (_hash(asset(name)) for name in ("report.css", "report.js"))
    return "; ".join([
        "default-src 'none'",
        f"style-src '{style}'",
        f"script-src '{script}'",
        "img-src data: blob:",
        "media-src blob:",
        "connect-src 'self'" if live else "connect-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    ])  # fmt: skip


def rendered(page: Page) -> str:
    """Return a report as HTML."""
    return (
        environment()
        .get_template("page.html.jinja")
        .render(
            page=page,
            policy=policy(bool(page.live)),
            version=__version__,
            # Both are of this package, and have no text of a user.
            style=Markup(asset("report.css")),
            script=Markup(asset("report.js")),
        )
    )


def rendered_part(name: str, **content: Any) -> str:
    """Return a part of a page as HTML.

    Args:
        name: Name of the part, as in its template.
        content: What the template gets.
    """
    return environment().get_template("live.html.jinja").render(part=name, **content)


def compact(value: Any) -> Markup:
    """Return a value as JSON for a script element; no text in it can end the element."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    for character in "<>&'":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def base64_of(text: str) -> str:
    """Return a text in base64, for the address of a link."""
    return base64.b64encode(text.encode()).decode()


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
