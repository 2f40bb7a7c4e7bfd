"""Coupons, points, tiers, membership and promotions: what customers are promised, and what it costs."""
