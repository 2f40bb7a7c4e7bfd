"""Coupons: their kinds, codes and batches; to whom they are given, and which of them a cart may use."""
