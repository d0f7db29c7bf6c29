"""How `edx-assets --help` lists the commands: by what they are for. What they do is elsewhere."""

import click

SECTIONS = {
    "Try it": ("demo", "dev", "deliver", "sample"),
    "Set it up": ("init", "doctor"),
    "Load, and look at what is loaded": (
        "list",
        "load",
        "refresh",
        "rebuild",
        "status",
        "quarantine",
    ),
    "Use the data": ("export", "report", "warehouse", "release"),
    "Protect learners": ("retire", "grant", "revoke", "access"),
    "Read what the data mean": ("datasets", "dictionary"),
}
"""The commands, in the order in which somebody new meets them."""

_SENTENCE = 200  # characters of a command's first sentence: it is wrapped, not cut


def write_sections(group: click.Group, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Write the list of commands; those without a section come last."""
    listed = {name for names in SECTIONS.values() for name in names}
    rest = tuple(name for name in group.list_commands(ctx) if name not in listed)
    for title, names in {**SECTIONS, "More": rest}.items():
        commands = [command for name in names if (command := group.get_command(ctx, name))]
        rows = [(str(each.name), each.get_short_help_str(_SENTENCE)) for each in commands]
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)
