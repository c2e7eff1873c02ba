"""Serves the reports and business pages that Dagster's page links to, because browsers open no local files from it."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

import dagster as dg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from pipeline.drops.catalog import REPORTS
from pipeline.settings import Settings
from pipeline.storage.urls import is_url

_ROUTE: Final = "/warehouse"


def _folders(settings: Settings) -> dict[str, Path]:
    """Return the folders of pages: the operator's reports, and the drops with their reports, unless at a URL."""
    folders = {REPORTS: settings.state / REPORTS}
    if not is_url(settings.exports):
        folders["exports"] = Path(settings.exports).expanduser()
    return {name: folder.resolve() for name, folder in folders.items()}


def link_to(location: str, settings: Settings) -> dg.MetadataValue:
    """Link a report or a business page; one that the page does not serve is shown as its path."""
    if is_url(location):
        return dg.MetadataValue.url(location)
    path = Path(location).resolve()
    for name, folder in _folders(settings).items():
        if path.suffix == ".html" and path.is_relative_to(folder):
            return dg.MetadataValue.url(f"{_ROUTE}/{name}/{quote(path.relative_to(folder).as_posix())}")
    return dg.MetadataValue.path(location)


def report_route(settings: Settings) -> Route:
    """Make the route of the pages in these folders; nothing else in them is served."""

    async def answer(request: Request) -> FileResponse:
        folder = _folders(settings).get(request.path_params["folder"])
        path = (folder / request.path_params["path"]).resolve() if folder else None
        if folder is None or path is None or path.suffix != ".html" or not path.is_relative_to(folder):
            raise HTTPException(404)
        if not path.is_file():
            raise HTTPException(404, "this page no longer exists: drops and reports are only kept for a while")
        return FileResponse(path, media_type="text/html")

    return Route(f"{_ROUTE}/{{folder}}/{{path:path}}", answer)
