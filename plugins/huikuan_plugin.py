"""Huikuan's one Airflow plugin: the data-quality pages of the nights, for people who are logged in to Airflow.

Every Airflow process imports this file, so the pages are built only when the first of them is asked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "/huikuan"

_Scope = MutableMapping[str, Any]


async def pages(scope: _Scope, receive: Callable[..., Awaitable[Any]], send: Callable[..., Awaitable[None]]) -> None:
    """The pages as an ASGI application."""
    await _application()(scope, receive, send)


@cache
def _application() -> Any:
    from huikuan.orchestration.pages import application

    return application()


class HuikuanPlugin(AirflowPlugin):
    """Pages below /huikuan and their entry in Airflow's navigation."""

    name = "huikuan"
    fastapi_apps: list[Any] = [{"name": "Huikuan", "app": pages, "url_prefix": PREFIX}]  # noqa: RUF012
    external_views: list[Any] = [  # noqa: RUF012
        {
            "name": "Data quality 数据质量",
            "href": f"{PREFIX}/quality",
            "destination": "nav",
            "category": "browse",
            "url_route": "huikuan-quality",
        }
    ]
