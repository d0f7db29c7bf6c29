"""An object that edX has put on S3, and the errors of what S3 does not deliver."""

from dataclasses import dataclass, field

from boto3.exceptions import RetriesExceededError
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from edx_assets.errors import FinalError, PassingError

_REFUSED = range(400, 500)
_ITS_OWN = range(500, 600)
_SILENT = (ConnectTimeoutError, ReadTimeoutError, RetriesExceededError)
_MAY_PASS = (408, 412, 429)  # timed out, replaced during the download, too many requests


class DeliveryError(PassingError):
    """S3 did not deliver an object; the message names it and the remedy."""


class NotDeliveredError(FinalError):
    """S3 lacks an object, has it twice, or refuses access: a retry in a minute would not help."""


@dataclass(frozen=True)
class Delivered:
    """An object on S3: its key, ETag (without quotes), size in bytes, and when it came there."""

    bucket: str
    key: str
    etag: str
    size: int
    delivered: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """Base name of the key."""
        return self.key.rsplit("/", 1)[-1]


def refusal(what: str, error: Exception) -> DeliveryError | NotDeliveredError:
    """The error for a failed request. botocore's own text can contain the request's headers."""
    code, final = type(error).__name__, False
    if isinstance(error, ClientError):
        code = str(error.response.get("Error", {}).get("Code", code))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        final = status in _REFUSED and status not in _MAY_PASS
        if status in _ITS_OWN:
            return DeliveryError(
                f"{what}: S3 answered {code}, which is trouble of its own and passes: materialize"
                " this partition again later"
            )
    answer = "did not answer" if isinstance(error, _SILENT) else f"answered {code}"
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        answer = f"was not asked, because there is no whole key for it ({code})"
    return (NotDeliveredError if final else DeliveryError)(
        f"{what}: S3 {answer}; check EDX_ORG, the bucket settings and the AWS variables"
        " (edx-assets doctor checks them)"
    )
