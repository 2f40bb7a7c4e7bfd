"""A body has 1 MB; one with a photo of 5 MB as base64 has as much as that takes."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from wotu.api.errors import answer
from wotu.core.errors import ErrorCode, WotuError

LARGEST_WITH_PHOTO = 7_000_000
TAKES_PHOTOS = re.compile(r"/api/v1/receipt-offers/[^/]+/receipts")


class PhotoBodies:
    """Reads the body of an address that takes photos, which is more than Django's one limit for all addresses."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if TAKES_PHOTOS.fullmatch(request.path_info):
            body = request.read(LARGEST_WITH_PHOTO + 1)
            if len(body) > LARGEST_WITH_PHOTO:
                message = "A photo has at most 5 MB, the body with it 7 MB."
                return answer(WotuError(ErrorCode.TOO_LARGE, message, field="photo"))
            # Where Django keeps what it has read; there is no other way to a limit of one address.
            vars(request)["_body"] = body
        return self.get_response(request)
