"""Pages of a browser on this machine, read from the chain: tasks, the Arena, the DAO, models, and who was paid why."""
