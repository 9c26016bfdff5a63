"""Pieces of a drawing as SVG; every text is escaped here."""

from __future__ import annotations

from dtovl.report.escape import xml


def text(left: float, line: float, style: str, content: str, *, turn: bool = False) -> str:
    """Write a text; turn lets it run downwards."""
    turned = f' transform="rotate(90 {left:.1f} {line:.1f})"' if turn else ""
    named = f' class="{style}"' if style else ""
    return f'<text x="{left:.1f}" y="{line:.1f}"{named}{turned}>{xml(content)}</text>'


def line(left: float, top: float, right: float, bottom: float, style: str, told: str = "") -> str:
    """Draw a straight line; told appears when it is pointed at."""
    way = f'd="M{left:.1f} {top:.1f}L{right:.1f} {bottom:.1f}"'
    if not told:
        return f'<path class="{style}" {way}/>'
    return f'<path class="{style}" {way}>{_title(told)}</path>'


def box(
    left: float,
    top: float,
    width: float,
    height: float,
    style: str,
    *,
    round_by: float = 0,
    told: str = "",
) -> str:
    """Draw a rectangle; told appears when it is pointed at."""
    corners = f' rx="{round_by:.1f}"' if round_by else ""
    place = f'x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{max(height, 0):.1f}"'
    inside = _title(told) if told else ""
    return f'<rect class="{style}" {place}{corners}>{inside}</rect>'


def dot(left: float, top: float, radius: float, style: str, told: str = "") -> str:
    """Draw a disc; told appears when it is pointed at."""
    inside = _title(told) if told else ""
    return (
        f'<circle class="{style}" cx="{left:.1f}" cy="{top:.1f}" r="{radius:.1f}">{inside}</circle>'
    )


def _title(told: str) -> str:
    return f"<title>{xml(told)}</title>"
