"""How a cell was written into a table, in each era."""

Cell = str | None
_MYSQL = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\0": r"\0"})
_EXPORTER = str.maketrans({"\\": r"\\", "\r": r"\r", "\t": r"\t", "\n": r"\n"})


def mysql_batch(cell: Cell) -> str:
    """A cell as the mysql client's batch mode wrote it (until November 2015): a CR stays raw."""
    return "NULL" if cell is None else cell.translate(_MYSQL)


def exporter(cell: Cell) -> str:
    """A cell as edX's exporter writes it since then: a NUL stays raw (until July 2023)."""
    return "NULL" if cell is None else cell.translate(_EXPORTER)


def bytes_literals(cell: Cell) -> str:
    """A cell as the exporter wrote it from 15 November to 6 December 2022."""
    return repr(exporter(cell).encode())
