"""What is said where the S3 server of the storage fails. edX's own buckets: `delivered`."""

from boto3.exceptions import Boto3Error
from botocore.exceptions import (
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from edx_assets.errors import FinalError, PassingError
from edx_assets.settings import InvalidSettingError

_SETTINGS = {
    "NoSuchBucket": "there is no such bucket: make it, or correct EDX_STORAGE",
    "InvalidAccessKeyId": "S3 does not know the access key: correct EDX_STORAGE_PROFILE",
    "SignatureDoesNotMatch": "the secret key is wrong: correct the profile of EDX_STORAGE_PROFILE",
    "ExpiredToken": "the credentials have expired: renew those of EDX_STORAGE_PROFILE",
    "PermanentRedirect": "the bucket is in another region: set it in the profile"
    " (EDX_STORAGE_PROFILE), or AWS_DEFAULT_REGION",
}
_FORBIDDEN = 403


class StorageError(PassingError):
    """The S3 server of the storage failed; the message names the file and the remedy."""


def status_of(error: Exception) -> int:
    """The HTTP status of an answer; 0 where there was none."""
    cause = _cause(error)
    if not isinstance(cause, ClientError):
        return 0
    return int(cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def trouble(address: str, error: Exception) -> StorageError | FinalError:
    """The error for a failed request. botocore's own text can contain the request's headers."""
    if isinstance(error, ProfileNotFound):
        return InvalidSettingError("EDX_STORAGE_PROFILE: AWS's files have no such profile")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return InvalidSettingError(
            "EDX_STORAGE: there are no credentials for the bucket: set EDX_STORAGE_PROFILE, or the"
            " AWS variables"
        )
    cause = _cause(error)
    answer = cause.response if isinstance(cause, ClientError) else {}
    code = str(answer.get("Error", {}).get("Code", type(cause).__name__))
    if code in _SETTINGS:
        return InvalidSettingError(f"EDX_STORAGE: {address}: {_SETTINGS[code]}")
    if status_of(error) == _FORBIDDEN:
        return InvalidSettingError(
            f"EDX_STORAGE: {address}: S3 refuses access ({code}): correct EDX_STORAGE_PROFILE, or"
            " the bucket's policy (docs/deployment.md lists what it must allow)"
        )
    return StorageError(
        f"{address}: the S3 server of EDX_STORAGE failed ({code}): materialize this partition again"
        " later, and look at the server if it stays so"
    )


def _cause(error: Exception) -> BaseException:
    """What boto3 has packed into an error of its own: of an upload, say."""
    packed = error.__context__ if isinstance(error, Boto3Error) else None
    return packed or error
