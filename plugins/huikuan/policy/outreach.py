"""Who may get mail, when, and how much of it in one night."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

PRODUCTION = "production"
DOMAIN = r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"


class OutreachPolicy(BaseModel):
    """Bounds of the mails of one business date.

    Times are local to the reader's company. A mail waits until ``send_from`` and expires at ``send_until`` of its
    business date: a morning that was missed is made fresh the next day, never sent late.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: str = Field(pattern=r"^[^@\s<>\",;:\\]+@[A-Za-z0-9.-]+$", description="Address in the From header.")
    sender_name: str = Field(default="Huikuan 回款", pattern=r"^[^\r\n]+$", description="Name in the From header.")
    domain: str = Field(pattern=DOMAIN, description="Right-hand side of every Message-ID.")
    recipient_domains: tuple[str, ...] = Field(
        default=(), description="Domains that may get mail; empty means `domain` only. Others are parked."
    )
    allow_list: tuple[str, ...] = Field(
        default=(),
        description="Addresses and domains that may get mail outside production (HUIKUAN_ENVIRONMENT); others are "
        "suppressed.",
    )
    timezone: str = Field(
        description="IANA time zone of the send window for readers whose companies have several zones, or none."
    )
    send_from: time
    send_until: time
    max_rows_in_mail: int = Field(
        default=25, ge=1, le=25, description="Rows in the mail itself; all of them are in the attached workbook."
    )
    max_mails: int = Field(gt=0, description="More mails than this in one night: all are parked for a person.")
    max_escalations: int | None = Field(default=None, gt=0, description="Same bound for escalations that have rows.")
    max_times_usual: int = Field(
        default=3, ge=2, description="More mails, or escalations, than so many times the median of recent nights: same."
    )
    never_too_many: int = Field(default=20, ge=0, description="So few are not held for being more than usual.")
    retry_minutes: int = Field(default=15, ge=15, description="Wait after a temporary refusal (4xx).")

    @field_validator("send_from", "send_until", mode="before")
    @classmethod
    def _quoted_time(cls, value: Any) -> Any:
        """YAML reads a bare 18:00 as the number 1080, which would silently become 00:18."""
        if not isinstance(value, (str, time)):
            raise ValueError(f"{value!r} is not a time: write it in quotes, such as '18:00'")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in _zones():
            raise ValueError(f"{value!r} is not an IANA time zone such as 'Asia/Shanghai'")
        return value

    @model_validator(mode="after")
    def _window_is_open(self) -> Self:
        if self.send_from >= self.send_until:
            raise ValueError("send_from must be earlier than send_until on the same day")
        return self

    def window(self, business_date: date, zone: str | None = None) -> tuple[datetime, datetime]:
        """First and last moment at which mails of this business date may leave to a reader in a zone."""
        local = ZoneInfo(self.zone(zone))
        return (
            datetime.combine(business_date, self.send_from, local),
            datetime.combine(business_date, self.send_until, local),
        )

    def zone(self, name: str | None) -> str:
        """The zone of this name; where there is none, the policy's own."""
        return name if name is not None and name in _zones() else self.timezone

    @property
    def retry_after(self) -> timedelta:
        """Least time between two tries after a temporary refusal."""
        return timedelta(minutes=self.retry_minutes)

    def local_day(self, moment: datetime, zone: str | None = None) -> date:
        """The day at a moment, in a zone."""
        return moment.astimezone(ZoneInfo(self.zone(zone))).date()

    def may_receive(self, address: str) -> bool:
        """Whether the address belongs to one of our own domains."""
        domains = self.recipient_domains or (self.domain,)
        return domain_of(address) in {domain.lower() for domain in domains}

    def may_leave(self, address: str, environment: str) -> bool:
        """Whether mail to this address may leave an installation: in production, or to who is on the allow-list."""
        allowed = {entry.lower() for entry in self.allow_list}
        return environment == PRODUCTION or not allowed.isdisjoint({address.lower(), domain_of(address)})


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # looks through a folder, so once is enough


def domain_of(address: str) -> str:
    """What stands behind the last @, in small letters."""
    return address.rpartition("@")[2].lower()
