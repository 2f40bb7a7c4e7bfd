"""Pages of Loyalty: campaigns and their coupons, what customers have, and what is given when."""
