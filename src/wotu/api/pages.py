"""The page that shows the API's description, and the answer where nothing is."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_safe

from wotu.api.errors import answer, error_of_status


@login_not_required
@ensure_csrf_cookie
@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """Every address, to read and to try; works offline."""
    return render(request, "api/docs.html")


@login_not_required
@csrf_exempt
def nothing(_request: HttpRequest) -> JsonResponse:
    """There is no such address."""
    return answer(error_of_status(404))
