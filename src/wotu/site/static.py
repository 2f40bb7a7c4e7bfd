"""Static files of the console: hashed and compressed once, then served from memory of their names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import get_finders
from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.storage import CompressedManifestStaticFilesStorage

# What the console uses of other packages' files; the rest of them is not copied.
USED_OF_PACKAGES = {
    "plotly": ("plotly.min.js",),
    "django_htmx": ("htmx-2.min.js",),
    "ninja": ("swagger-ui-bundle.js", "swagger-ui.css"),
}
_CHUNK = 256 * 1024


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Files under names that hold their hash; before the first collection, under their plain names."""

    manifest_strict = False
    # The maps of other packages' minified files are not copied, so nothing is to point at their hashed names.
    patterns = tuple(
        (files, tuple(each for each in found if "sourceMappingURL" not in (each if isinstance(each, str) else each[0])))
        for files, found in CompressedManifestStaticFilesStorage.patterns
    )

    def url(self, name: str | None, force: bool = False) -> str:
        if not self.hashed_files and name:
            return f"{self.base_url}{name}"
        return str(super().url(name, force))


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, answering an asynchronous server with an asynchronous body."""

    def add_files(self, root: Any, prefix: str | None = None) -> None:
        """Serve a folder, which before the first collection is an empty one."""
        Path(root).mkdir(parents=True, exist_ok=True)
        super().add_files(root, prefix=prefix)

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        response: FileResponse = WhiteNoiseMiddleware.serve(static_file, request)
        if not isinstance(request, ASGIRequest):
            return response
        answer = StreamingHttpResponse(_chunks(response), status=response.status_code)
        del answer["content-type"]
        for name, value in response.items():
            answer[name] = value
        return answer


async def _chunks(response: Any) -> AsyncIterator[bytes]:
    """The body of a file response in large pieces; the file is closed at the end, read or not."""
    try:
        body = getattr(response, "file_to_stream", None)
        if body is None:
            return
        while piece := await asyncio.to_thread(body.read, _CHUNK):
            yield piece
    finally:
        response.close()


def unused(path: str) -> bool:
    """Whether a static file of another package is one that no page of ours loads."""
    package, _, name = path.partition("/")
    return package in USED_OF_PACKAGES and name not in USED_OF_PACKAGES[package]


def used_files() -> list[tuple[str, Callable[[], Any], str]]:
    """Every static file the console uses: its path, how to open it, and a mark that changes with it."""
    found: list[tuple[str, Callable[[], Any], str]] = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            prefix = getattr(storage, "prefix", None)
            name = f"{prefix}/{path}" if prefix else path
            if not unused(name):
                modified = storage.get_modified_time(path).timestamp()
                found.append((name, partial(storage.open, path), f"{storage.size(path)}:{modified}"))
    return found
