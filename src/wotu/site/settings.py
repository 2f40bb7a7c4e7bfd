"""Django settings of one workspace, whose folder the environment names in ``WOTU_WORKSPACE``."""

from __future__ import annotations

import os
from pathlib import Path

import plotly
from django.utils.translation import gettext_lazy as _

from wotu.core.logs import logging_settings
from wotu.core.proxies import networks
from wotu.core.settings import read_settings
from wotu.site.database import control_database
from wotu.site.secret import secret_key

WOTU_WORKSPACE = Path(os.environ.get("WOTU_WORKSPACE", "workspace")).resolve()
WOTU_SETTINGS = read_settings(WOTU_WORKSPACE / "wotu.toml")

DEBUG = False
SECRET_KEY = secret_key(WOTU_WORKSPACE)
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *WOTU_SETTINGS.allowed_hosts]
CSRF_TRUSTED_ORIGINS = [
    f"https://{host.replace('.', '*.', 1) if host.startswith('.') else host}"
    for host in WOTU_SETTINGS.allowed_hosts
    if host != "*"
] + list(WOTU_SETTINGS.csrf_origins)
WOTU_TRUSTED_PROXIES = networks(WOTU_SETTINGS.trusted_proxies)

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django_htmx",
    "ninja",
    "wotu.accounts",
    "wotu.outbox",
    "wotu.ledger",
    "wotu.loyalty",
    "wotu.boards",
    "wotu.console",
    "wotu.h5",
    "wotu.api",
]

MIDDLEWARE = [
    "wotu.site.security.SecurityHeaders",
    "wotu.api.middleware.ApiErrors",
    "wotu.api.bodies.PhotoBodies",
    "wotu.site.static.StaticFiles",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "wotu.console.middleware.ConsoleErrors",
]

ROOT_URLCONF = "wotu.site.urls"
ASGI_APPLICATION = "wotu.site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "wotu.console.shell.shell",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoDivFormRenderer"

DATABASES = {"default": control_database(WOTU_WORKSPACE, WOTU_SETTINGS.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["wotu.accounts.backends.SessionUser"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "console:sign-in"
LOGIN_REDIRECT_URL = "console:home"

LANGUAGE_CODE = "en"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
USE_TZ = True
TIME_ZONE = WOTU_SETTINGS.timezone

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "wotu.console.pages.refusals.csrf_failure"
# A proxy that speaks https says so; SecurityHeaders then marks every cookie Secure.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
# The one page that takes a file takes a photo of 5 MB; no file is ever written to a disk by its name.
FILE_UPLOAD_HANDLERS = ["wotu.h5.uploads.SmallFile"]

STATIC_URL = "/static/"
STATIC_ROOT = WOTU_WORKSPACE / "cache" / "static"
STATICFILES_DIRS = [("plotly", Path(plotly.__file__).parent / "package_data")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "wotu.site.static.HashedFiles"},
}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}

_LOGGING = logging_settings()
LOGGING = {
    **_LOGGING,
    "handlers": {**_LOGGING["handlers"], "nowhere": {"class": "logging.NullHandler"}},
    "loggers": {
        **_LOGGING["loggers"],
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # A refused question is an answer, not an event for the log.
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        # Scanners ask for every host there is.
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
    },
}
