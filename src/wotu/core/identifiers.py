"""The kinds of identifier a customer can be known by.

Strong identifiers name one person and join records; weak ones belong to the first customer that
claims them.
"""

from __future__ import annotations

# In the order in which a message looks for its owner.
STRONG = ("user_id", "phone", "email", "unionid", "openid", "external_userid", "member_no")
WEAK = ("anonymous_id", "device_id")
IDENTIFIERS = STRONG + WEAK
