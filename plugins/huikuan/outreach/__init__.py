"""Outreach: published rows become mails in the outbox; mails in the outbox leave, never twice by our own doing."""

from huikuan.outreach.approvals import write_approval_requests, write_reminders, write_statement_requests
from huikuan.outreach.outbox import write_messages
from huikuan.outreach.sender import send_messages
from huikuan.outreach.transport import EmlFolder, Smtp, SmtpServer, Transport
from huikuan.outreach.undelivered import tell

__all__ = [
    "EmlFolder",
    "Smtp",
    "SmtpServer",
    "Transport",
    "send_messages",
    "tell",
    "write_approval_requests",
    "write_messages",
    "write_reminders",
    "write_statement_requests",
]
