"""How far pseudonyms reach: which exports have the same ones. What they are: `edx.pseudonyms`."""

from dataclasses import dataclass
from enum import StrEnum

from edx_assets.edx.pseudonyms import Pseudonyms, scope_key
from edx_assets.errors import FinalError
from edx_assets.resources.secret_key import secret_key
from edx_assets.resources.storage import Storage

KEY = "pseudonyms"
"""The name of the institution's key."""


class Reach(StrEnum):
    """Within what a learner has the same pseudonym."""

    COURSE = "course"
    PROJECT = "project"
    INSTITUTION = "institution"


class ScopeError(FinalError):
    """The scope is not told well; the message says how to."""


@dataclass(frozen=True)
class Scope:
    """The reach, and the name of the project where it is one.

    Raises:
        ScopeError: a project has no name, or something else has one.
    """

    reach: Reach = Reach.COURSE
    project: str = ""

    def __post_init__(self) -> None:
        if (self.reach == Reach.PROJECT) != bool(self.project.strip()):
            raise ScopeError("a project needs a name, and only a project has one: name the project")

    def pseudonyms(self, storage: Storage, course: str) -> Pseudonyms:
        """The pseudonyms of a course's export.

        Args:
            storage: the storage, which has the institution's key.
            course: the course's partition.
        """
        within = {
            Reach.COURSE: course,
            Reach.PROJECT: self.project.strip(),
            Reach.INSTITUTION: "",
        }[self.reach]
        return Pseudonyms(scope_key(secret_key(storage, KEY), f"{self.reach}\0{within}"))


def scope_of(reach: str | None, project: str) -> Scope:
    """The scope that is asked for; without a reach, that of the project if one is named.

    Raises:
        ScopeError: a project has no name, or something else has one.
    """
    return Scope(Reach(reach or (Reach.PROJECT if project else Reach.COURSE)), project)
