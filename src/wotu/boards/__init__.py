"""What a team keeps of its answers: saved questions, dashboards of them, links to these, notes on days."""
