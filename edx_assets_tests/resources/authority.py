"""A certificate authority of a test's own, and the certificates it issues, as files."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography.x509 import load_pem_x509_certificate


class Authority:
    """An authority; `file` has its certificate."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._ca = trustme.CA(organization_name=folder.name)
        self.file = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(self.file)

    @staticmethod
    def subject(certificate: Path) -> str:
        """Whom a certificate is for, as MongoDB names a user that is known by it."""
        return load_pem_x509_certificate(certificate.read_bytes()).subject.rfc4514_string()

    def issue(self, name: str, expired: bool = False) -> Path:
        """A file with a private key and its certificate, for a host or for a client."""
        until = datetime.now(UTC) + timedelta(days=-1 if expired else 2)
        issued = self._ca.issue_cert(
            name, common_name=name, organization_unit_name=self._folder.name, not_after=until
        )
        path = self._folder / f"{name}{'-expired' if expired else ''}.pem"
        issued.private_key_and_cert_chain_pem.write_to_path(path)
        path.chmod(0o600)
        return path
