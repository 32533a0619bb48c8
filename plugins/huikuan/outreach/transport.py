"""Ways out of the house: a folder of ``.eml`` files, or SMTP on a connection that yagmail opens and secures.

A hand-over has two halves. ``prepare`` does everything that may be repeated without harm (connect, log in, name sender
and recipient). Then the outbox records that the mail is on its way, and ``deliver`` hands the bytes over. What fails
before the final dot was certainly not accepted; silence after it is ``Unanswered``: nobody knows.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import yagmail

from huikuan.errors import OutreachError

_ACCEPTED = (250, 251, 252)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)


@dataclass(frozen=True)
class Outgoing:
    """One mail as it leaves: the frozen bytes of the outbox."""

    message_id: str
    business_date: date
    kind: str
    recipient: str
    address: str
    content: bytes


class DeferredError(Exception):
    """Not now: the server asked to try later."""


class RefusedError(Exception):
    """Not this one: the server will never take this mail for this recipient."""


class LostError(Exception):
    """The connection went before the mail was handed over; it was certainly not accepted."""


class UnansweredError(Exception):
    """The bytes are out and no answer came: nobody knows whether the mail was accepted."""


class Transport(Protocol):
    """What the sender needs. Messages of the errors hold server codes and no addresses."""

    @property
    def leaves_the_house(self) -> bool:
        """Whether anybody is reached by it."""

    def prepare(self, mail: Outgoing) -> None:
        """Everything that may be repeated. Raises DeferredError, RefusedError, LostError; OutreachError: no way out."""

    def deliver(self, mail: Outgoing) -> None:
        """Hand over the bytes. Raises DeferredError, RefusedError, LostError, UnansweredError."""

    def close(self) -> None:
        """End the session."""


@dataclass(frozen=True)
class EmlFolder:
    """Mails as files ``<folder>/<business date>/<kind>-<recipient>.eml``; writing one twice leaves the same file."""

    folder: Path
    leaves_the_house = False

    def path(self, mail: Outgoing) -> Path:
        """Where the mail goes. A recipient's id that is not a plain file name is replaced by its digest."""
        plain = _PLAIN.fullmatch(mail.recipient) and not mail.recipient.startswith("x-")
        digest = hashlib.sha256(mail.recipient.encode("utf-8", "backslashreplace")).hexdigest()
        name = mail.recipient if plain else f"x-{digest[:32]}"
        return self.folder / mail.business_date.isoformat() / f"{mail.kind}-{name}.eml"

    def prepare(self, mail: Outgoing) -> None:
        """Make the day's folder."""
        try:
            self.path(mail).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutreachError(
                f"The mail folder {self.folder} cannot be written: {error.strerror}.",
                "Set HUIKUAN_MAIL to a folder that this user may write.",
            ) from error

    def deliver(self, mail: Outgoing) -> None:
        """Write the file under a temporary name, then rename it: nobody sees half a mail."""
        target = self.path(mail)
        temporary = target.with_suffix(".tmp")
        try:
            with temporary.open("wb") as file:
                file.write(mail.content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            raise LostError(f"cannot write the file: {error.strerror}") from error

    def close(self) -> None:
        """Nothing to end."""


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class SmtpServer:
    """How to reach the mail server. Without ``user`` there is no login; ``cafile`` names a CA of one's own.

    ``security`` is ``starttls`` or ``ssl``. The connection is never unprotected: a server without TLS, or with a
    certificate that does not fit, gets nothing.
    """

    host: str
    port: int
    sender: str
    security: str = "starttls"
    user: str | None = None
    password: str | None = None
    cafile: Path | None = None
    command_timeout: float = 30
    """Seconds for each command."""
    answer_timeout: float = 600
    """Seconds for the answer to the final dot (RFC 5321 asks for ten minutes)."""
    reconnects: int = 3
    """Connections lost one after the other, without a mail accepted in between, that a run makes good."""
    mails_per_session: int = 100
    """Then the session is ended politely and a new one begun: many servers allow no more."""

    def __repr__(self) -> str:
        """Without the password."""
        return f"SmtpServer({self.host}:{self.port}, {self.security}, {'with' if self.user else 'no'} login)"


class Smtp:
    """One session for many mails."""

    leaves_the_house = True

    def __init__(self, server: SmtpServer) -> None:
        if server.security not in {"starttls", "ssl"}:
            raise OutreachError(f"Mail security {server.security!r} is not known.", "Use 'starttls' or 'ssl'.")
        if server.user and not server.password:  # yagmail would ask on the terminal
            raise OutreachError(
                "The mail server has a user and no password.", "Set both in the connection, or neither."
            )
        if not f"{server.user}{server.password}".isascii():  # a login is ASCII, and its error would show the letter
            raise OutreachError(
                "User or password of the mail server holds a letter that a login cannot carry.",
                "Give the account a password of ASCII letters, digits and signs, and set it in the connection.",
            )
        self._server = server
        self._client: Any = None
        self._connections_left = server.reconnects + 1
        self._accepted_in_session = 0

    def prepare(self, mail: Outgoing) -> None:
        """Name sender and recipient; a session that the server had closed meanwhile is opened again, once."""
        if self._client is not None and self._accepted_in_session >= self._server.mails_per_session:
            self.close()
            self._connections_left += 1
        try:
            self._envelope(mail)
        except LostError:
            self._envelope(mail)
        except DeferredError:
            had_enough = self._client is None and self._accepted_in_session > 0  # 421 after some mails: not about this
            if not had_enough:
                raise
            self._envelope(mail)

    def deliver(self, mail: Outgoing) -> None:
        """DATA, the bytes, the final dot, and the answer to it."""
        smtp = self._client.smtp
        with self._lost_means(LostError):
            self._check("DATA", smtp.docmd("DATA"), (354,))
            smtp.sock.settimeout(self._server.answer_timeout)
            smtp.send(_dotted(mail.content))  # the final dot is the last thing in it: if this fails, it was not sent
        with self._lost_means(UnansweredError):
            code, text = smtp.getreply()
            smtp.sock.settimeout(self._server.command_timeout)
        if not 400 <= code < 600 and code not in _ACCEPTED:
            self._drop()
            raise UnansweredError(f"{code} is no answer to the end of data")
        self._check("end of data", (code, text), _ACCEPTED)
        self._accepted_in_session += 1
        self._connections_left = self._server.reconnects

    def close(self) -> None:
        """Say goodbye; a server that is gone already does not mind."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError):  # every mail is accounted for before this
                client.close()

    def _envelope(self, mail: Outgoing) -> None:
        smtp = self._session().smtp
        with self._lost_means(LostError):
            smtp.rset()
            code, text = smtp.mail(self._server.sender)
            if 500 <= code < 600:  # about us, not about the reader: mended in the configuration, then tried again
                raise DeferredError(f"{code} to MAIL FROM: the server does not let us send")
            self._check("MAIL FROM", (code, text), _ACCEPTED)
            self._check("RCPT TO", smtp.rcpt(mail.address), _ACCEPTED)

    def _session(self) -> Any:
        """The open session, or a new one while the run's budget lasts."""
        if self._client is None:
            if self._connections_left <= 0:
                raise OutreachError(
                    f"The mail server {self._server.host} closed the connection {self._server.reconnects + 1} times.",
                    "Look at the server's log. Mails that were not handed over wait in the outbox.",
                )
            self._connections_left -= 1
            self._accepted_in_session = 0
            self._client = _login(self._server)
        return self._client

    @contextmanager
    def _lost_means(self, error_class: type[LostError] | type[UnansweredError]) -> Iterator[None]:
        """Translate a broken or silent connection, and leave the session behind."""
        try:
            yield
        except OSError as error:  # the protocol library's own errors are OSErrors too
            self._drop()
            code = getattr(error, "smtp_code", None)
            raise error_class(f"{type(error).__name__}{f' {code}' if code else ''}") from error

    def _check(self, command: str, answer: tuple[int, bytes], expected: tuple[int, ...]) -> None:
        """Sort the server's answer; 421 and what is no answer at all mean that it is leaving.

        Only the code is kept: servers repeat addresses in their texts.
        """
        code = answer[0]
        if code in expected:
            return
        if code == 421 or not 400 <= code < 600:
            self._drop()
        problem = f"{code} to {command}"
        raise RefusedError(problem) if 500 <= code < 600 else DeferredError(problem)

    def _drop(self) -> None:
        """Leave a broken session without a word."""
        client, self._client = self._client, None
        if client is not None:
            client.is_closed = True
            client.smtp.close()


def _dotted(content: bytes) -> bytes:
    """The content as it goes over the wire: CR LF line ends, leading dots doubled, the final dot."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    if not lines.endswith(b"\r\n"):
        lines += b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", lines) + b".\r\n"


def _login(server: SmtpServer) -> Any:
    """A yagmail client with an encrypted, verified and (when there is a user) logged-in session."""
    context = _trust(server)
    starttls = server.security == "starttls"
    client = yagmail.SMTP(
        user=server.user,
        password=server.password,
        host=server.host,
        port=server.port,
        smtp_starttls={"context": context} if starttls else False,
        smtp_ssl=not starttls,
        smtp_skip_login=server.user is None,
        soft_email_validation=False,
        timeout=server.command_timeout,
        **({} if starttls else {"context": context}),
    )
    client.user = server.user or ""  # yagmail makes `name` into `name@gmail.com`; a login need not be an address
    try:
        client.login()
        client.smtp.ehlo_or_helo_if_needed()  # yagmail says hello for STARTTLS and logins only
        # Else the end of a mail waits 40 ms for the server's delayed ACK of its beginning: 22 mails a second, not 200.
        client.smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        client.is_closed = True
        if client.smtp is not None:
            client.smtp.close()
        raise _unreachable(server, error) from error
    return client


def _trust(server: SmtpServer) -> ssl.SSLContext:
    """Whose certificates are believed. Raises OutreachError when the CA's file cannot be used."""
    try:
        return ssl.create_default_context(cafile=server.cafile)
    except OSError as error:
        raise OutreachError(
            f"The CA file {server.cafile} of the mail server cannot be read ({type(error).__name__}).",
            "Give the connection a cafile in PEM that this machine has, or none. The mails wait in the outbox.",
        ) from error


def _unreachable(server: SmtpServer, error: OSError) -> OutreachError:
    where = f"The mail server {server.host}:{server.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return OutreachError(
            f"{where} shows a certificate that is not valid for it: {error.verify_message}. Nothing was sent.",
            "Correct the host name, have the certificate renewed, or name the CA of your company as cafile.",
        )
    if type(error).__name__ == "SMTPNotSupportedError":
        return OutreachError(
            f"{where} does not offer what the connection asks for: {error}. Nothing was sent.",
            "Without TLS no mail leaves. Use the server's port for STARTTLS (587) or SSL (465); give no user if it "
            "knows no logins.",
        )
    code = getattr(error, "smtp_code", None)
    if type(error).__name__ == "SMTPAuthenticationError" and code and code >= 500:
        return OutreachError(f"{where} refuses user or password ({code}).", "Correct them in the connection.")
    detail = f"{type(error).__name__} {code}" if code else type(error).__name__
    return OutreachError(
        f"{where} cannot be used ({detail}).",
        "Check host, port and security (starttls: 587, ssl: 465), and that this machine may connect. "
        "The mails wait in the outbox.",
    )
