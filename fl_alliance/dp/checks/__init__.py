"""What an update gives away, measured by attacks: who was in the data, and what the data was."""
