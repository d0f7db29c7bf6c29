"""The sample's learners: names, profiles, and their browsers and IP addresses."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

_FIRST = [
    "Aïcha",
    "Benoît",
    "Chloé",
    "Dmitri",
    "Elif",
    "François",
    "Grace",
    "Hye-jin",
    "Ibrahim",
    "Jürgen",
    "Kofi",
    "Leïla",
    "Mónica",
    "Nguyễn",
    "Olga",
    "Priya",
    "Quentin",
    "Rosa",
    "Søren",
    "Tomás",
    "Uma",
    "Václav",
    "Wei",
    "Ximena",
    "Yuki",
    "Zoë",
]
_LAST = [
    "Almeida",
    "Bélanger",
    "Čapek",
    "Diallo",
    "Éthier",
    "Fournier",
    "García",
    "Hassan",
    "Iyer",
    "Jensen",
    "Kowalski",
    "Lévesque",
    "Müller",
    "Núñez",
    "Okafor",
    "Paré",
    "Quiroga",
    "Roy",
    "Şahin",
    "Tremblay",
    "Ueda",
    "Villeneuve",
    "Wang",
    "Yücel",
    "Zieliński",
]
_HOMES = [
    ("CA", "Montréal", "fr-CA,fr;q=0.8,en;q=0.6"),
    ("US", "Boston", "en-US,en;q=0.8"),
    ("IN", "Pune", "en-IN,en;q=0.8,hi;q=0.5"),
    ("BR", "São Paulo", "pt-BR,pt;q=0.8,en-US;q=0.6"),
    ("DE", "Köln", "de-DE,de;q=0.8,en-US;q=0.5"),
    ("CN", "上海", "zh-CN,zh;q=0.8"),
]
_AGENTS = [
    "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/32.0.1700.107 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.73.11 (KHTML, like Gecko)"
    " Version/7.0.1 Safari/537.73.11",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:26.0) Gecko/20100101 Firefox/26.0",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
]
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")  # reserved for documentation: RFC 5737
_GOALS = ["", "To learn", "Professional development,\nand curiosity", "Pour le plaisir"]

NOTABLE = 5
"""The number of learners, the first ones, who take every course and have awkward profiles."""

_NOTABLE_NAMES = {0: "Zoë Núñez-Lévesque", 1: 'Siobhán "Shiv" O\'Brien'}
_NOTABLE_BIOS = {
    2: "Chemist.\n\tLikes:\n\t- C:\\labs\\new\n\t- back\\slashes \\n \\t",
    3: "Typed on an old machine\rwith returns of its own",
}


@dataclass(frozen=True)
class Learner:
    """A person with an account on one site. `bio` and `birth` are None if never given."""

    id: int
    username: str
    name: str
    hash_id: str
    joined: datetime
    country: str
    city: str
    gender: str
    birth: int | None
    education: str
    goals: str
    bio: str | None
    ip: str
    agent: str
    language: str
    uses_mobile: bool


def make_learners(rng: Random, count: int, first_id: int) -> list[Learner]:
    """That many learners, with ids from `first_id`; the first few have awkward profiles."""
    return [_learner(rng, number, first_id + 7 * number) for number in range(count)]


def _learner(rng: Random, number: int, user_id: int) -> Learner:
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    country, city, language = rng.choice(_HOMES)
    ascii_name = first.encode("ascii", "ignore").decode().lower().replace("-", "")
    return Learner(
        id=user_id,
        username=f"{ascii_name}_{user_id}",
        name=_NOTABLE_NAMES.get(number, f"{first} {last}"),
        hash_id=f"{rng.getrandbits(128):032x}",
        joined=datetime(2013, 9, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(150 * 86400)),
        country=country,
        city=city,
        gender=rng.choice(["f", "m", "o", ""]),
        birth=rng.choice([None, rng.randrange(1940, 2000)]),
        education=rng.choice(["b", "m", "p", "hs", ""]),
        goals=rng.choice(_GOALS),
        bio=_NOTABLE_BIOS.get(number, rng.choice([None, "", f"J'habite à {city}."])),
        ip=f"{rng.choice(_NETWORKS)}.{rng.randrange(1, 255)}",
        agent=rng.choice(_AGENTS),
        language=language,
        uses_mobile=number < NOTABLE or rng.random() < 0.2,
    )
