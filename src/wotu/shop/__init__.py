"""The demo's shop: a few pages of goods that know Wotu by its public API alone, as any shop would."""
