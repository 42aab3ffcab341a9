"""Hospitals on machines of their own: what a node agrees to, keeps and shows, and who looks after its processes."""
