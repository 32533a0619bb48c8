"""States of a mail, and why it did not leave, in Chinese beside the English that the outbox keeps."""

from __future__ import annotations

import re

from huikuan.outreach.outbox import TOO_MANY

STATES = {
    "queued": "等待发送",
    "sending": "发送中",
    "sent": "已发送",
    "deferred": "稍后再试",
    "refused": "被拒收",
    "unknown": "无法确认",
    "expired": "已过期",
    "parked": "等人决定",
    "suppressed": "不发送",
}
"""State of a mail in the outbox → its name in Chinese."""
_CHINESE = (
    ("not handed over once more", "未再次发送"),
    ("handed over once more after silence", "已重发一次，仍无法确认是否送达"),
    ("no answer after the mail was handed over", "发出后服务器无应答，可能已送达"),
    ("the sender died while handing it over", "发送中断，可能已送达"),
    ("not sent before the end of its window", "发送时段内未能发出"),
    (TOO_MANY, "数量超过政策允许"),
    ("it could not be rendered", "邮件无法生成"),
    ("the content is not what was written", "内容与写入时不符"),
    ("the address in the ledger is not one mail address", "总账中的地址不是一个有效邮箱"),
    ("the address is outside our own domains", "地址不属于本公司域名"),
    ("the address is outside the customers' domains", "地址不在政策允许的客户域名"),
    ("nobody at the customer has an address", "客户无邮箱，请打印寄送"),
    ("the customer must not be contacted before", "客户暂不可联系"),
    ("the contact has this address no longer", "联系人邮箱已变更"),
    ("is insolvent or closed", "客户已破产或销户"),
    ("the statement is not approved", "对账函未获批准"),
    ("the address is not on the allow-list", "非生产环境，地址不在允许名单"),
    ("the recipient's address has changed", "收件人地址已变更"),
    ("the recipient is no longer active", "收件人已离岗"),
    ("is no workday of calendar", "休息日"),
    ("back-fill", "补算历史，不联系任何人"),
    ("nobody is contacted", "质量闸门未开，不联系任何人"),
    ("a newer run of the date", "当日有更新的结果，将重新生成"),
    ("everything was answered meanwhile", "已全部答复，或新一轮重新提问"),
    ("owes nothing that is late", "客户已无逾期，或已被放行"),
    ("no send window is left", "截止前已无发送时段"),
    ("released by", "已放行，等待发送"),
    ("dropped by", "已放弃"),
    ("to be tried again", "等待重试"),
)
_ANSWER = re.compile(r"\d{3} (to|is) ")


def explained(reason: str | None) -> str | None:
    """The reason with what it means in Chinese before it; as it is where nobody has said what it means."""
    if not reason:
        return reason
    meanings = (chinese for english, chinese in _CHINESE if english in reason)
    meaning = next(meanings, "服务器答复" if _ANSWER.match(reason) else None)
    return f"{meaning}：{reason}" if meaning else reason
