"""The sample's learners: names that test an encoding, and the facts that packages tell of them."""

from dataclasses import dataclass
from random import Random

_NAMES = ("Ana", "Béatrice", "Chloë", "Dmitri", "Émile", "Fatima", "Giulia", "Håkon", "Jürgen")
_FAMILIES = ("O'Neill", "Łukasz", "Tremblay", "Sørensen", "Nguyễn", "Smith", "Ng", "García", "李")
_BIOS = (
    "NULL",
    "",
    "I teach.\nAnd I learn.",
    "tabs\there\tand a \\ backslash",
    'They say "quote me"',
    "one raw\rcarriage return",
)


@dataclass(frozen=True)
class Learner:
    """A learner of the sample."""

    id: int
    username: str
    name: str
    bio: str
    agent: str
    address: str


def make_learners(count: int, random: Random) -> list[Learner]:
    """So many learners, all different."""
    agents = (
        "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 Chrome/32.0.1700.107 Safari/537.36",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.73.11 Safari/537.73.11",
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:27.0) Gecko/20100101 Firefox/27.0",
    )
    return [
        Learner(
            id=100_000 + number * 7,
            username=f"learner_{number}",
            name=f"{random.choice(_NAMES)} {random.choice(_FAMILIES)}",
            bio=_BIOS[number % len(_BIOS)],
            agent=random.choice(agents),
            address=f"10.{number % 200}.{number % 90}.{1 + number % 250}",
        )
        for number in range(count)
    ]
