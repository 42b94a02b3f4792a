"""TLS servers for tests: a CA, and certificates that are valid, expired, for another host, and so on."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A CA; ``bundle`` is the file to trust it by."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def of(cls, folder: Path, name: str = "tests") -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(name, name, key, -DAY, 30 * DAY)
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        authority = cls(folder, key, made.sign(key, hashes.SHA256()))
        authority.bundle.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
        return authority

    @property
    def bundle(self) -> Path:
        name = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        return self.folder / f"{name!s}-ca.pem"

    def context(
        self, address: str = "127.0.0.1", since: timedelta = -DAY, until: timedelta = DAY, *, self_signed: bool = False
    ) -> ssl.SSLContext:
        """A server's context with a certificate for ``address``, valid from and to these offsets from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = (
            address if self_signed else self.certificate.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        )
        made = _builder(address, str(issuer), key, since, until)
        made = made.add_extension(x509.SubjectAlternativeName([_name(address)]), critical=False)
        signed = made.sign(key if self_signed else self.key, hashes.SHA256())
        path = self.folder / f"server-{id(key)}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _builder(
    subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, since: timedelta, until: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
    )


def _name(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(address))
    except ValueError:
        return x509.DNSName(address)
