"""The unsubscribe links in messages that arrived."""

import re

from lab.product import PUBLIC_URL

ONE_CLICK = "List-Unsubscribe=One-Click"


def links(arrived):
    """The URIs of the one List-Unsubscribe of a message, in their order."""
    return re.findall(r"<([^<>\s]*)>", arrived.field("List-Unsubscribe"))


def token_of(arrived):
    """The token of the https link, which has to come first."""
    first = links(arrived)[0]
    assert first.startswith(PUBLIC_URL), first
    return first.removeprefix(PUBLIC_URL)


def one_click(arrived):
    """Whether a message says that one click is enough (exactly once, and in RFC 8058's words)."""
    values = arrived.fields("List-Unsubscribe-Post")
    assert len(values) < 2, values
    if values:
        assert values[0].strip() == ONE_CLICK
    return bool(values)


def has_link_fields(arrived):
    """Whether a message bears anything that has to do with unsubscribing."""
    return bool(arrived.fields("List-Unsubscribe") or arrived.fields("List-Unsubscribe-Post"))
