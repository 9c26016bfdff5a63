"""Options and arguments: what they take, and that they read alike in every command."""

from __future__ import annotations

import click
import pytest

from dtovl.cli import group
from dtovl.cli.options import Number


def commands() -> dict[str, click.Command]:
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


@pytest.mark.parametrize("text", ["abc", "", "-1", "4", "1.5", "9" * 5000])
def test_a_number_that_is_none_is_told_what_is_wanted(text: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        Number(0, 3).convert(text, None, None)
    assert caught.value.message == f"{text!r} is not a whole number from 0 to 3."


def test_numbers() -> None:
    assert [Number(0, 3).convert(text, None, None) for text in ("0", "3")] == [0, 3]
    assert Number(1).convert("1000000", None, None) == 1000000
    with pytest.raises(click.BadParameter, match="'0' is not a whole number from 1 up"):
        Number(1).convert("0", None, None)


def test_no_parameter_speaks_with_the_words_of_click() -> None:
    """A file that cannot be read is told by DT011, with the reason and what to do."""
    for name, command in commands().items():
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.count:
                continue  # takes no value
            kind = parameter.type
            assert isinstance(kind, Number) or not isinstance(kind, click.types.IntParamType), name
            assert not (isinstance(kind, click.Path) and kind.readable), (name, parameter.name)
