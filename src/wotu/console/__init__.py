"""The staff console: pages on the answers of a workspace, in Chinese and English."""
