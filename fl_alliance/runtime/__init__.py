"""Ways to run the two Flower apps: in this process, on Flower's Ray simulation, or deployed."""
