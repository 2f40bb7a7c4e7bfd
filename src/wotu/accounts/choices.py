"""What a person of the team can be and choose."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(TextChoices):
    """What a person of the team may do; see ``rules``."""

    OWNER = "owner", _("Owner")
    MARKETER = "marketer", _("Marketer")
    ANALYST = "analyst", _("Analyst")
    VIEWER = "viewer", _("Viewer")


class Theme(TextChoices):
    """Light or dark pages, or as the device is set."""

    SYSTEM = "system", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Language(TextChoices):
    """The language of a person's pages; empty follows the browser."""

    BROWSER = "", _("As the browser")
    CHINESE = "zh-hans", "简体中文"
    ENGLISH = "en", "English"


class KeyKind(TextChoices):
    """What a key opens: the way in for messages, or the API."""

    WRITE = "write", pgettext_lazy("key", "Write")
    API = "api", pgettext_lazy("key", "API")


class ActorKind(TextChoices):
    """Who did what the audit tells: a person, an API key, the command line, or Wotu itself."""

    USER = "user", _("Person")
    KEY = "key", _("API key")
    CLI = "cli", _("Command line")
    SYSTEM = "system", _("Wotu itself")


class AuditAction(TextChoices):
    """What the audit records."""

    SIGN_IN = "sign_in", _("Signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    CHANGE_PASSWORD = "change_password", _("Changed the own password")
    ADD_USER = "add_user", _("Added a person")
    RESET_USER = "reset_user", _("Made a new sign-in link")
    CHANGE_ROLE = "change_role", _("Changed a role")
    DEACTIVATE_USER = "deactivate_user", _("Deactivated a person")
    ACTIVATE_USER = "activate_user", _("Let a person in again")
    REMOVE_USER = "remove_user", _("Removed a person")
    CREATE_KEY = "create_key", _("Made a key")
    ROTATE_KEY = "rotate_key", _("Replaced a key")
    REVOKE_KEY = "revoke_key", _("Revoked a key")
    CHANGE_SETTINGS = "change_settings", _("Changed settings")
    EXPORT = "export", _("Exported")
    SET_CONSENT = "set_consent", _("Recorded a consent")
    EDIT_FACTS = "edit_facts", _("Edited facts")
    MERGE = "merge", _("Merged customers")
    SPLIT = "split", _("Split a customer")
    ERASE = "erase", _("Erased a customer")
    ADJUST_BALANCE = "adjust_balance", _("Adjusted a balance")
    PAY_OUT = "pay_out", _("Paid money out")
    RETRY_QUARANTINE = "retry_quarantine", _("Retried quarantined rows")
    SAVE_QUESTION = "save_question", _("Saved a question")
    DELETE_QUESTION = "delete_question", _("Deleted a saved question")
    EDIT_DASHBOARD = "edit_dashboard", _("Changed a dashboard")
    DELETE_DASHBOARD = "delete_dashboard", _("Deleted a dashboard")
    SHARE_DASHBOARD = "share_dashboard", _("Shared a dashboard by link")
    REVOKE_LINK = "revoke_link", _("Ended a link to a dashboard")
    ANNOTATE = "annotate", _("Noted something on a day")
    DELETE_ANNOTATION = "delete_annotation", _("Deleted a note on a day")
    MAKE_MEMBER_LINK = "make_member_link", _("Made a link to a member page")
    DISCARD_QUARANTINE = "discard_quarantine", _("Discarded quarantined rows")
    RETRY_WORK = "retry_work", _("Let work be tried again")
    DISCARD_WORK = "discard_work", _("Discarded work that had failed")
    ADD_WEBHOOK = "add_webhook", _("Added a webhook")
    DISABLE_WEBHOOK = "disable_webhook", _("Switched a webhook off")
    ENABLE_WEBHOOK = "enable_webhook", _("Switched a webhook on")
    ROTATE_WEBHOOK = "rotate_webhook", _("Replaced the secret of a webhook")
    EDIT_CAMPAIGN = "edit_campaign", _("Changed a campaign")
    LAUNCH_CAMPAIGN = "launch_campaign", _("Launched a campaign")
    EDIT_PROGRAMME = "edit_programme", _("Changed a points programme")
    ISSUE_COUPONS = "issue_coupons", _("Issued coupons")
    VOID_COUPON = "void_coupon", _("Made a coupon void")
    GIVE_LEVEL = "give_level", _("Gave a level by hand")
    EDIT_PLAN = "edit_plan", _("Changed a membership plan")
    GIVE_MEMBERSHIP = "give_membership", _("Gave a membership")
    END_MEMBERSHIP = "end_membership", _("Ended a membership")
    DECIDE_RECEIPT = "decide_receipt", _("Decided on a receipt")
    EDIT_LOTTERY = "edit_lottery", _("Changed a lottery")
    LAUNCH_LOTTERY = "launch_lottery", _("Launched a lottery")
    GIVE_CHANCES = "give_chances", _("Gave chances to draw")
    HAND_OUT_PRIZE = "hand_out_prize", _("Handed out a prize")
    DECIDE_SAMPLE = "decide_sample", _("Handed out or refused a sample")
