"""HTML elements that cannot be broken by what is put into them: text is escaped, only `Markup` is taken as it is."""

from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def el(name: str, /, *children: str | Markup | None, **attributes: str | int | float | bool | None) -> Markup:
    """Return an element. `class_` is the attribute class, `_` in a name is `-`; None and False leave one out."""
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str | Markup | None) -> Markup:
    """Return the children one after the other, escaped where they are text."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children if child))


def table(heads: list[str], rows: list[list[str | Markup]], caption: str, numeric: frozenset[int]) -> Markup:
    """Return a table that scrolls sideways by itself; columns in `numeric` are aligned to the right."""
    sides = ["n" if column in numeric else None for column in range(len(heads))]
    head = join(*(el("th", text, scope="col", class_=side) for text, side in zip(heads, sides, strict=True)))
    body = [el("tr", *(el("td", cell, class_=side) for cell, side in zip(row, sides, strict=True))) for row in rows]
    inner = (el("caption", caption), el("thead", el("tr", head)), el("tbody", *body))
    return el("div", el("table", *inner), class_="scroll", tabindex=0, role="region", aria_label=caption)


_VOID = frozenset({"meta", "br", "hr"})


def _attribute(key: str, value: str | int | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
