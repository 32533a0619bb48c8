"""A real mail server on loopback, with a certificate of a CA made for the occasion, that misbehaves on request."""

from __future__ import annotations

import asyncio
import email
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "huikuan-mailer", "correct horse battery"

IMPATIENT_SECONDS = 8.0
"""Longer than a slow machine takes to answer a command, and all that a client waits for a ``silent`` server."""
IMPATIENT = {"command_timeout": IMPATIENT_SECONDS, "answer_timeout": IMPATIENT_SECONDS}


@dataclass(frozen=True)
class Authority:
    """A certificate authority in a folder: ``cafile`` is what a client trusts."""

    folder: Path
    cafile: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def server_context(self, host: str = "localhost") -> ssl.SSLContext:
        """TLS for a server that may call itself ``host`` (and 127.0.0.1 when that is localhost)."""
        key = ec.generate_private_key(ec.SECP256R1())
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        if host == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        certificate = (
            _draft(host, self.certificate.subject, key)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        chain, secret = self.folder / f"{host}.pem", self.folder / f"{host}.key"
        chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(_key_bytes(key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, secret)
        return context


def make_authority(folder: Path) -> Authority:
    """A new CA with its certificate in ``folder/ca.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        _draft("Test CA", name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    cafile = folder / "ca.pem"
    cafile.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(folder, cafile, key, certificate)


def _draft(name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@dataclass
class Catcher:
    """What the server got, and what it shall do instead of its duty.

    A fault is called with the server's SMTP object and returns an answer, or None to go on as usual. Keys are
    ``RSET``, ``MAIL``, ``RCPT``, ``DATA`` (before the mail is kept), ``KEPT`` (after it was kept, before the 250) and
    ``QUIT``.
    """

    port: int = 0
    kept: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    logins: int = 0
    faults: dict[str, Callable[[Any], str | None]] = field(default_factory=dict)
    login_answer: str | None = None
    """What is said to every login instead of looking at it."""

    @property
    def recipients(self) -> list[str]:
        """Addresses of the mails that were kept, in order."""
        return [str(email.message_from_bytes(content)["To"]) for content in self.kept]

    def identities(self) -> list[tuple[str, str]]:
        """(Message-ID, Date) of the mails that were kept, in order."""
        return [(str(m["Message-ID"]), str(m["Date"])) for m in map(email.message_from_bytes, self.kept)]

    def _fault(self, name: str, server: Any) -> str | None:
        self.commands.append(name)
        fault = self.faults.get(name)
        return fault(server) if fault else None

    async def handle_RSET(self, server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        return await _in_thread(self._fault, "RSET", server) or "250 OK"

    async def handle_QUIT(self, server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        return await _in_thread(self._fault, "QUIT", server) or "221 bye"

    async def handle_MAIL(  # noqa: N802
        self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        answer = await _in_thread(self._fault, "MAIL", server)
        if answer:
            return answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        server.recipient = address
        answer = await _in_thread(self._fault, "RCPT", server)
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        answer = await _in_thread(self._fault, "DATA", server)
        if answer:
            return answer
        assert [str(email.message_from_bytes(envelope.content)["To"])] == envelope.rcpt_tos
        self.kept.append(envelope.content)
        return await _in_thread(self._fault, "KEPT", server) or "250 kept"


async def _in_thread(function: Callable[..., str | None], *arguments: Any) -> str | None:
    """Faults may sleep; the server's other connections must not."""
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)


def hang_up(server: Any) -> str:
    """Cut the connection instead of answering."""
    server.loop.call_soon_threadsafe(server.transport.abort)
    threading.Event().wait(0.1)
    return "421 never heard"


def silent(_: Any) -> str:
    """No answer for as long as an impatient client waits."""
    threading.Event().wait(3 * IMPATIENT_SECONDS)
    return "250 too late"


def once(fault: Callable[[Any], str | None], *, after: int = 0) -> Callable[[Any], str | None]:
    """The fault happens one time only, after ``after`` calls without it."""
    calls = iter(range(10**9))
    return lambda server: fault(server) if next(calls) == after else None


@contextmanager
def mail_server(context: ssl.SSLContext | None, *, implicit: bool = False, login: bool = True) -> Any:
    """A running catcher. With a context it insists on TLS, and on a login unless told otherwise."""
    catcher = Catcher(port=_free_port())

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        if catcher.login_answer:
            return AuthResult(success=False, handled=False, message=catcher.login_answer)
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        catcher.logins += good
        return AuthResult(success=good, handled=good)

    options: dict[str, Any] = {"auth_required": True, "authenticator": authenticate} if login else {}
    if implicit:
        options |= {"ssl_context": context, "auth_require_tls": False}
    elif context is not None:
        options |= {"tls_context": context, "require_starttls": True}
    options |= {"data_size_limit": 10**8, "ready_timeout": 600}
    controller = Controller(catcher, hostname="127.0.0.1", port=catcher.port, **options)
    controller.start()
    try:
        yield catcher
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
